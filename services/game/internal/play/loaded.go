package play

import (
	"slices"

	"github.com/google/uuid"
)

// loaded is what a turn found in the store, to tell what commands changed.
type loaded struct {
	seats []Seat
	bets  map[uuid.UUID]Bet
}

// AddLoaded gives a turn live bets that a store has. A bet that the turn has already is left as it is.
func (t *Turn) AddLoaded(bets ...*Bet) {
	if t.loaded.bets == nil {
		t.loaded.bets = make(map[uuid.UUID]Bet, len(bets))
		t.loaded.seats = slices.Clone(t.Game.Seats)
	}
	for _, bet := range bets {
		if _, known := t.loaded.bets[bet.ID]; !known {
			t.Bets = append(t.Bets, bet)
			t.loaded.bets[bet.ID] = *bet
		}
	}
}

// SeatChanges are the seats that the store has to add and to remove.
func (t *Turn) SeatChanges() (joined, left []Seat) {
	for _, seat := range t.Game.Seats {
		if !slices.Contains(t.loaded.seats, seat) {
			joined = append(joined, seat)
		}
	}
	for _, seat := range t.loaded.seats {
		if !slices.Contains(t.Game.Seats, seat) {
			left = append(left, seat)
		}
	}
	return joined, left
}

// BetChanges are the bets that the store has to add and to change.
func (t *Turn) BetChanges() (placed, changed []*Bet) {
	for _, bet := range t.Bets {
		before, known := t.loaded.bets[bet.ID]
		switch {
		case !known:
			placed = append(placed, bet)
		case before != *bet:
			changed = append(changed, bet)
		}
	}
	return placed, changed
}

// InPlayChanges is how much more, or less, each player has on the table than the store knows of.
func (t *Turn) InPlayChanges() map[uuid.UUID]int64 {
	changes := make(map[uuid.UUID]int64)
	for _, bet := range t.Bets {
		before := t.loaded.bets[bet.ID] // The zero one, which is not live, for a bet that is new.
		if change := bet.inPlay() - before.inPlay(); change != 0 {
			changes[bet.Player] += change
		}
	}
	return changes
}
