// Package replay plays a game again from what is stored of it. The log says who sat, who had the dice and what was bet;
// everything else is derived anew: the state and the bets that each round committed to, the dice, what they did to every
// bet, and where the table stands in the end. What is stored must be just that.
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

// Source is what is stored.
type Source interface {
	Game(ctx context.Context, id uuid.UUID) (*play.Game, error)
	Events(ctx context.Context, game uuid.UUID, after uint64, limit int) ([]*play.Event, error)
	Round(ctx context.Context, game uuid.UUID, number uint64) (*play.Round, error)
	LiveBets(ctx context.Context, game uuid.UUID) ([]*play.Bet, error)
}

// Difference is the first place where what is stored is not what follows from the rest.
type Difference struct {
	// Round is the round, Sequence the event at which it shows.
	Round, Sequence uint64
	// What is different, and both versions of it.
	What, Stored, Derived string
}

// Error implements error.
func (d *Difference) Error() string {
	return fmt.Sprintf("round %d, event %d: %s is stored as %s, but follows as %s", d.Round, d.Sequence, d.What, d.Stored, d.Derived)
}

// ErrEarlier means that a game was played by a release that did not keep what replaying needs.
var ErrEarlier = errors.New("replay: the round is from a release that did not keep what it committed to")

// batch is how many events are read at once.
const batch = 500

// Game replays a game up to its latest event, and calls each with every settled round that was found to be right. A
// difference is returned as a *Difference.
func Game(ctx context.Context, source Source, id uuid.UUID, each func(*play.Round) error) error {
	r := &replayer{ctx: ctx, source: source, each: each, game: play.Game{ID: id}}
	for {
		stored, err := source.Game(ctx, id)
		if err != nil {
			return err
		}
		if err := r.upTo(stored.Sequence); err != nil {
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
		if again.Sequence == stored.Sequence { // Else it was played at while we looked.
			return r.compare(stored, bets)
		}
	}
}

// replayer is the game as it follows from the events so far.
type replayer struct {
	ctx    context.Context
	source Source
	each   func(*play.Round) error
	game   play.Game
	bets   []*play.Bet
	round  *play.Round // The committed round, as it follows; nil between rounds.
}

func (r *replayer) differs(what, stored, derived string) error {
	if stored == derived {
		return nil
	}
	return &Difference{Round: r.game.Round, Sequence: r.game.Sequence, What: what, Stored: stored, Derived: derived}
}

// upTo plays the log up to a sequence.
func (r *replayer) upTo(sequence uint64) error {
	for r.game.Sequence < sequence {
		events, err := r.source.Events(r.ctx, r.game.ID, r.game.Sequence, int(min(batch, sequence-r.game.Sequence)))
		if err != nil {
			return err
		}
		for _, event := range events {
			if err := r.play(event); err != nil {
				return err
			}
		}
		if len(events) == 0 {
			return r.differs("the log", fmt.Sprintf("%d events", r.game.Sequence), fmt.Sprintf("%d events", sequence))
		}
	}
	return nil
}

// play moves the game on by one event.
func (r *replayer) play(event *play.Event) error {
	r.game.Sequence++
	if err := r.differs("the number of the event", fmt.Sprint(event.GetSequence()), fmt.Sprint(r.game.Sequence)); err != nil {
		return err
	}
	switch detail := event.GetDetail().(type) {
	case *gamev1.Event_GameCreated:
		d := detail.GameCreated
		r.game.Status, r.game.Hand, r.game.Round = play.Open, 1, 1
		r.game.Limits = play.Limits{MaxPlayers: int(d.GetMaxPlayers()), MinBet: d.GetMinBet(), MaxBet: d.GetMaxBet()}
	case *gamev1.Event_PlayerJoined:
		r.game.Seats = append(r.game.Seats, play.Seat{Number: int(detail.PlayerJoined.GetSeat()), Player: id(detail.PlayerJoined.GetPlayerId())})
	case *gamev1.Event_PlayerLeft:
		left := id(detail.PlayerLeft.GetPlayerId())
		for _, seat := range r.game.Seats {
			if seat.Player == left && left == r.game.Shooter {
				r.game.LeftSeat = seat.Number // Where the dice pass on at once, the log says so next.
			}
		}
		r.game.Seats = slices.DeleteFunc(r.game.Seats, func(s play.Seat) bool { return s.Player == left })
	case *gamev1.Event_ShooterChanged:
		if r.game.Shooter = id(detail.ShooterChanged.GetPlayerId()); r.game.Shooter != uuid.Nil {
			r.game.LeftSeat = 0
		}
	case *gamev1.Event_BetPlaced:
		return r.placed(detail.BetPlaced)
	case *gamev1.Event_BetChanged:
		return r.onBet(detail.BetChanged.GetBetId(), func(bet *play.Bet) {
			bet.Amount, bet.Working, bet.Commission = detail.BetChanged.GetAmount(), detail.BetChanged.GetWorking(), detail.BetChanged.GetCommission()
		})
	case *gamev1.Event_BetRemoved:
		return r.onBet(detail.BetRemoved.GetBetId(), func(bet *play.Bet) { bet.Status = play.Removed })
	case *gamev1.Event_BettingClosed:
		return r.closed(detail.BettingClosed)
	case *gamev1.Event_DiceRolled:
		return r.rolled(detail.DiceRolled)
	case *gamev1.Event_GameClosed:
		r.game.Status = detail.GameClosed.GetStatus()
	}
	return nil
}

// id reads an id of the log; nobody's is empty.
func id(text string) uuid.UUID {
	parsed, _ := uuid.Parse(text)
	return parsed
}

func (r *replayer) placed(d *gamev1.BetPlaced) error {
	wager := craps.Named(d.GetBetType())
	if wager == nil {
		return fmt.Errorf("event %d: no wager is called %q", r.game.Sequence, d.GetBetType())
	}
	r.bets = append(r.bets, &play.Bet{ID: id(d.GetBetId()), Game: r.game.ID, Player: id(d.GetPlayerId()), Wager: wager, Number: uint8(d.GetNumber()),
		Amount: d.GetAmount(), Working: d.GetWorking(), Commission: d.GetCommission(), Seed: d.GetClientSeed(), Status: play.Live, PlacedRound: r.game.Round})
	return nil
}

func (r *replayer) onBet(betID string, change func(*play.Bet)) error {
	for _, bet := range r.bets {
		if bet.ID == id(betID) && bet.Status == play.Live {
			change(bet)
			r.bets = slices.DeleteFunc(r.bets, func(b *play.Bet) bool { return b.Status != play.Live })
			return nil
		}
	}
	return r.differs("bet "+betID, "changed", "not on the table")
}

// compare holds what is stored of the game now against what follows.
func (r *replayer) compare(stored *play.Game, bets []*play.Bet) error {
	return errors.Join(
		r.differs("the game's status", stored.Status.String(), r.game.Status.String()),
		r.differs("the state of the table", fmt.Sprintf("%+v", stored.Craps), fmt.Sprintf("%+v", r.game.Craps)),
		r.differs("the round", fmt.Sprint(stored.Round), fmt.Sprint(r.game.Round)),
		r.differs("the hand", fmt.Sprint(stored.Hand), fmt.Sprint(r.game.Hand)),
		r.differs("the shooter", stored.Shooter.String(), r.game.Shooter.String()),
		r.differs("the seat that the shooter left", fmt.Sprint(stored.LeftSeat), fmt.Sprint(r.game.LeftSeat)),
		r.differs("what the bets can win", fmt.Sprint(stored.Exposure), fmt.Sprint(r.turn().Exposure())),
		r.differs("the bets on the table", describe(bets), describe(r.bets)),
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
