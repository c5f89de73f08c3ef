package play

import (
	"encoding/hex"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/protocol"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// CloseBetting closes betting and commits to a round. The player must be the shooter; uuid.Nil is the house, which rolls if
// the shooter left or does not act. All live bets must be loaded.
func (t *Turn) CloseBetting(player uuid.UUID) error {
	if err := t.checkBettingOpen(); err != nil {
		return err
	}
	if player != uuid.Nil {
		if err := t.checkMayRoll(player); err != nil {
			return err
		}
	}
	g := t.Game
	state, bets := g.state(), t.committedBets()
	commitment := protocol.Commitment{Game: protocol.ID(g.ID), Round: g.Round, BetCount: uint32(len(bets)),
		BetsRoot: protocol.BetsRoot(bets), StateHash: state.Hash(), PayTableHash: craps.PayTableHash()}
	t.Rounds = append(t.Rounds, &Round{Game: g.ID, Number: g.Round, Status: Committed, Commitment: commitment, State: state, Bets: bets, ClosedAt: t.Now})
	g.Rolling, g.TurnDueAt, g.UpdatedAt = true, time.Time{}, t.Now
	t.emit(&Event{Detail: &gamev1.Event_BettingClosed{BettingClosed: &gamev1.BettingClosed{
		Round: int64(g.Round), BetCount: int32(len(bets)), BetsRoot: hex.EncodeToString(commitment.BetsRoot[:]), Commitment: hex.EncodeToString(commitment.Encode())}}})
	return nil
}

func (t *Turn) checkMayRoll(player uuid.UUID) error {
	if err := t.checkShooter(player); err != nil {
		return err
	}
	if t.Game.Craps.ComeOut() && !slices.ContainsFunc(t.liveBets(player), isLine) {
		return errs.New(errorsv1.Reason_REASON_LINE_BET_REQUIRED, "place a pass_line or dont_pass bet before you roll")
	}
	return nil
}

// checkShooter fails unless the player is the shooter.
func (t *Turn) checkShooter(player uuid.UUID) error {
	if !t.Game.Seated(player) {
		return errs.New(errorsv1.Reason_REASON_NOT_SEATED, "join the game before you roll")
	}
	if t.Game.Shooter != player {
		return errs.New(errorsv1.Reason_REASON_NOT_SHOOTER, "someone else has the dice").WithMetadata("shooter_id", IDString(t.Game.Shooter))
	}
	return nil
}
