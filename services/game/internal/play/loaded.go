package play

import (
	"slices"

	"github.com/google/uuid"
)

// loaded is the stored state that a turn started from, to determine what commands changed.
type loaded struct {
	seats []Seat
	bets  map[uuid.UUID]Bet
}

// AddLoaded adds stored live bets to a turn. A bet that the turn has already is left as it is.
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

// SeatChanges returns the seats that the store must insert and delete.
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

// BetChanges returns the bets that the store must insert and update.
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

// InPlayChanges returns by how much the total of each player's live bets differs from what is stored.
func (t *Turn) InPlayChanges() map[uuid.UUID]int64 {
	changes := make(map[uuid.UUID]int64)
	for _, bet := range t.Bets {
		before := t.loaded.bets[bet.ID] // For a new bet the zero Bet, which is not live.
		if change := bet.inPlay() - before.inPlay(); change != 0 {
			changes[bet.Player] += change
		}
	}
	return changes
}
