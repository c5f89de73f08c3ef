package replay

import (
	"encoding/hex"
	"fmt"
	"math"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/canonical"
	"github.com/bitcraps/bitcraps/libs/protocol"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// turn is the derived game, ready for a command. A replay does not verify the money; the ledger has its own audit.
func (r *replayer) turn() *play.Turn {
	game := r.game
	return &play.Turn{Game: &game, Bets: r.bets, Funds: &play.Funds{House: math.MaxInt64 / 2}}
}

// bettingClosed derives the round's commitment again.
func (r *replayer) bettingClosed(d *gamev1.BettingClosed) error {
	stored, err := r.source.Round(r.ctx, r.game.ID, r.game.Round)
	if err != nil {
		return fmt.Errorf("round %d: %w", r.game.Round, err)
	}
	if stored.State == (protocol.State{}) {
		return fmt.Errorf("round %d: %w", r.game.Round, ErrEarlier)
	}
	turn := r.turn()
	if err := turn.CloseBetting(uuid.Nil); err != nil {
		return err
	}
	r.round = turn.Round()
	for _, check := range []struct{ what, stored, derived string }{
		{"the state before the roll", hex.EncodeToString(stored.State.Encode()), hex.EncodeToString(r.round.State.Encode())},
		{"the bets of the round", hex.EncodeToString(protocol.EncodeBets(stored.Bets)), hex.EncodeToString(protocol.EncodeBets(r.round.Bets))},
		{"the commitment", hex.EncodeToString(stored.Commitment.Encode()), hex.EncodeToString(r.round.Commitment.Encode())},
		{"the commitment in the log", d.GetCommitment(), hex.EncodeToString(r.round.Commitment.Encode())},
	} {
		if err := r.check(check.what, check.stored, check.derived); err != nil {
			return err
		}
	}
	return nil
}

// diceRolled derives the dice again, from the stored beacon, and settles every bet with them.
func (r *replayer) diceRolled(d *gamev1.DiceRolled) error {
	if r.round == nil {
		return r.check("the roll", "rolled", "not yet committed")
	}
	stored, err := r.source.Round(r.ctx, r.game.ID, r.game.Round)
	if err != nil {
		return fmt.Errorf("round %d: %w", r.game.Round, err)
	}
	turn := r.turn()
	if err := turn.Settle(r.round, stored.Decision); err != nil {
		return err
	}
	derived := turn.Events[0].GetDiceRolled()
	for _, check := range []struct{ what, stored, derived string }{
		{"the dice", fmt.Sprint(stored.Dice), fmt.Sprint(r.round.Dice)},
		{"the call", string(stored.Call), string(r.round.Call)},
		{"what the roll did", canonicalText(d), canonicalText(derived)},
	} {
		if err := r.check(check.what, check.stored, check.derived); err != nil {
			return err
		}
	}
	// The next event in the log tells who has the dice now.
	shooter, sequence := r.game.Shooter, r.game.Sequence
	r.game = *turn.Game
	r.game.Shooter, r.game.Sequence, r.game.Status = shooter, sequence, play.Open
	r.bets = liveBets(turn.Bets)
	r.round = nil
	return r.each(stored)
}

func liveBets(bets []*play.Bet) []*play.Bet {
	var out []*play.Bet
	for _, bet := range bets {
		if bet.Status == play.Live {
			out = append(out, bet)
		}
	}
	return out
}

// canonicalText is a readable form of a message; equal messages have equal texts.
func canonicalText(m proto.Message) string {
	out, err := canonical.JSON(m)
	if err != nil {
		return err.Error()
	}
	return string(out)
}
