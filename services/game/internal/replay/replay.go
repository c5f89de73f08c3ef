// Package replay replays a stored game from its event log and verifies it. The log determines who was seated, who had the dice
// and what was bet; everything else is derived again: the state and the bets that each round committed to, the dice, what they
// did to every bet, and the final state of the table. The stored data must be exactly what is derived.
package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// Source reads stored games.
type Source interface {
	Game(ctx context.Context, id uuid.UUID) (*play.Game, error)
	Events(ctx context.Context, game uuid.UUID, after uint64, limit int) ([]*play.Event, error)
	Round(ctx context.Context, game uuid.UUID, number uint64) (*play.Round, error)
	LiveBets(ctx context.Context, game uuid.UUID) ([]*play.Bet, error)
}

// Difference is the first place where stored data is not what is derived from the log.
type Difference struct {
	// Round and Sequence are the round and the event at which it was found.
	Round, Sequence uint64
	// What names what is different, Stored and Derived are both versions of it.
	What, Stored, Derived string
}

// Error implements error.
func (d *Difference) Error() string {
	return fmt.Sprintf("round %d, event %d: %s is stored as %s, but is derived as %s", d.Round, d.Sequence, d.What, d.Stored, d.Derived)
}

// ErrEarlier means that a game was played by a release that did not store what a replay needs.
var ErrEarlier = errors.New("replay: the round is from a release that did not store what the round committed to")

// eventBatch is the number of events that are read at once.
const eventBatch = 500

// Game replays a game up to its latest event, and calls each with every settled round that was verified. A difference is
// returned as a *Difference.
func Game(ctx context.Context, source Source, id uuid.UUID, each func(*play.Round) error) error {
	r := &replayer{ctx: ctx, source: source, each: each, game: play.Game{ID: id}}
	for {
		stored, err := source.Game(ctx, id)
		if err != nil {
			return err
		}
		if err := r.replayTo(stored.Sequence); err != nil {
			return err
		}
		bets, err := source.LiveBets(ctx, id)
		if err != nil {
			return err
		}
		again, err := source.Game(ctx, id)
		if err != nil {
			return err
		}
		if again.Sequence == stored.Sequence { // Else the game changed between the reads.
			return r.checkFinal(stored, bets)
		}
	}
}

// replayer is the game as derived from the events so far.
type replayer struct {
	ctx    context.Context
	source Source
	each   func(*play.Round) error
	game   play.Game
	bets   []*play.Bet
	round  *play.Round // The committed round, as derived; nil between rounds.
}

func (r *replayer) check(what, stored, derived string) error {
	if stored == derived {
		return nil
	}
	return &Difference{Round: r.game.Round, Sequence: r.game.Sequence, What: what, Stored: stored, Derived: derived}
}

// replayTo applies the log up to a sequence.
func (r *replayer) replayTo(sequence uint64) error {
	for r.game.Sequence < sequence {
		events, err := r.source.Events(r.ctx, r.game.ID, r.game.Sequence, int(min(eventBatch, sequence-r.game.Sequence)))
		if err != nil {
			return err
		}
		for _, event := range events {
			if err := r.apply(event); err != nil {
				return err
			}
		}
		if len(events) == 0 {
			return r.check("the log", fmt.Sprintf("%d events", r.game.Sequence), fmt.Sprintf("%d events", sequence))
		}
	}
	return nil
}

// apply applies one event to the game.
func (r *replayer) apply(event *play.Event) error {
	r.game.Sequence++
	if err := r.check("the number of the event", fmt.Sprint(event.GetSequence()), fmt.Sprint(r.game.Sequence)); err != nil {
		return err
	}
	switch detail := event.GetDetail().(type) {
	case *gamev1.Event_GameCreated:
		d := detail.GameCreated
		r.game.Status, r.game.Hand, r.game.Round = play.Open, 1, 1
		r.game.Limits = play.Limits{MaxPlayers: int(d.GetMaxPlayers()), MinBet: d.GetMinBet(), MaxBet: d.GetMaxBet()}
	case *gamev1.Event_PlayerJoined:
		r.game.Seats = append(r.game.Seats, play.Seat{Number: int(detail.PlayerJoined.GetSeat()), Player: parseID(detail.PlayerJoined.GetPlayerId())})
	case *gamev1.Event_PlayerLeft:
		left := parseID(detail.PlayerLeft.GetPlayerId())
		for _, seat := range r.game.Seats {
			if seat.Player == left && left == r.game.Shooter {
				r.game.LeftSeat = seat.Number // Where the dice pass on at once, the next event is a ShooterChanged.
			}
		}
		r.game.Seats = slices.DeleteFunc(r.game.Seats, func(s play.Seat) bool { return s.Player == left })
	case *gamev1.Event_ShooterChanged:
		if r.game.Shooter = parseID(detail.ShooterChanged.GetPlayerId()); r.game.Shooter != uuid.Nil {
			r.game.LeftSeat = 0
		}
	case *gamev1.Event_BetPlaced:
		return r.betPlaced(detail.BetPlaced)
	case *gamev1.Event_BetChanged:
		return r.changeBet(detail.BetChanged.GetBetId(), func(bet *play.Bet) {
			bet.Amount, bet.Working, bet.Commission = detail.BetChanged.GetAmount(), detail.BetChanged.GetWorking(), detail.BetChanged.GetCommission()
		})
	case *gamev1.Event_BetRemoved:
		return r.changeBet(detail.BetRemoved.GetBetId(), func(bet *play.Bet) { bet.Status = play.Removed })
	case *gamev1.Event_BettingClosed:
		return r.bettingClosed(detail.BettingClosed)
	case *gamev1.Event_DiceRolled:
		return r.diceRolled(detail.DiceRolled)
	case *gamev1.Event_GameClosed:
		r.game.Status = detail.GameClosed.GetStatus()
	}
	return nil
}

// parseID parses an id of the log; an empty one is uuid.Nil.
func parseID(text string) uuid.UUID {
	parsed, _ := uuid.Parse(text)
	return parsed
}

func (r *replayer) betPlaced(d *gamev1.BetPlaced) error {
	wager := craps.ByName(d.GetBetType())
	if wager == nil {
		return fmt.Errorf("event %d: no wager is called %q", r.game.Sequence, d.GetBetType())
	}
	r.bets = append(r.bets, &play.Bet{ID: parseID(d.GetBetId()), Game: r.game.ID, Player: parseID(d.GetPlayerId()), Wager: wager, Number: uint8(d.GetNumber()),
		Amount: d.GetAmount(), Working: d.GetWorking(), Commission: d.GetCommission(), Seed: d.GetClientSeed(), Status: play.Live, PlacedRound: r.game.Round})
	return nil
}

func (r *replayer) changeBet(betID string, change func(*play.Bet)) error {
	for _, bet := range r.bets {
		if bet.ID == parseID(betID) && bet.Status == play.Live {
			change(bet)
			r.bets = slices.DeleteFunc(r.bets, func(b *play.Bet) bool { return b.Status != play.Live })
			return nil
		}
	}
	return r.check("bet "+betID, "changed", "not on the table")
}

// checkFinal compares the stored state of the game with the derived one.
func (r *replayer) checkFinal(stored *play.Game, bets []*play.Bet) error {
	return errors.Join(
		r.check("the game's status", stored.Status.String(), r.game.Status.String()),
		r.check("the state of the table", fmt.Sprintf("%+v", stored.Craps), fmt.Sprintf("%+v", r.game.Craps)),
		r.check("the round", fmt.Sprint(stored.Round), fmt.Sprint(r.game.Round)),
		r.check("the hand", fmt.Sprint(stored.Hand), fmt.Sprint(r.game.Hand)),
		r.check("the shooter", stored.Shooter.String(), r.game.Shooter.String()),
		r.check("the seat that the shooter left", fmt.Sprint(stored.LeftSeat), fmt.Sprint(r.game.LeftSeat)),
		r.check("what the bets can win", fmt.Sprint(stored.Exposure), fmt.Sprint(r.turn().Exposure())),
		r.check("the bets on the table", describe(bets), describe(r.bets)),
	)
}

func describe(bets []*play.Bet) string {
	bets = slices.SortedFunc(slices.Values(bets), func(a, b *play.Bet) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	text := ""
	for _, b := range bets {
		text += fmt.Sprintf("[%s %s %s %d %d %v %d]", b.ID, b.Player, b.Wager.Name, b.Number, b.Amount, b.Working, b.Commission)
	}
	return text
}
