package play

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/protocol"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
)

// Close ends betting and commits to a round. The player must be the shooter; uuid.Nil is the house, which rolls where
// the shooter left or does not act. All live bets must be loaded.
func (t *Turn) Close(player uuid.UUID) error {
	if err := t.betting(); err != nil {
		return err
	}
	if player != uuid.Nil {
		if err := t.mayShoot(player); err != nil {
			return err
		}
	}
	g := t.Game
	var bets []protocol.Bet
	for _, bet := range t.Bets {
		if bet.Status == Live {
			bets = append(bets, bet.committed())
		}
	}
	commitment := protocol.Commitment{Game: protocol.ID(g.ID), Round: g.Round, BetCount: uint32(len(bets)),
		BetsRoot: protocol.BetsRoot(bets), StateHash: g.state().Hash(), PayTableHash: craps.PayTableHash()}
	t.Round = &Round{Game: g.ID, Number: g.Round, Status: Committed, Commitment: commitment, ClosedAt: t.Now}
	g.Rolling, g.TurnDueAt, g.UpdatedAt = true, time.Time{}, t.Now
	t.emit(&Event{Detail: &gamev1.Event_BettingClosed{BettingClosed: &gamev1.BettingClosed{
		Round: int64(g.Round), BetCount: int32(len(bets)), BetsRoot: hex.EncodeToString(commitment.BetsRoot[:]), Commitment: hex.EncodeToString(commitment.Encode())}}})
	return nil
}

func (t *Turn) mayShoot(player uuid.UUID) error {
	g := t.Game
	if !g.Seated(player) {
		return errs.New(errorsv1.Reason_REASON_NOT_SEATED, "join the game before you roll")
	}
	if g.Shooter != player {
		return errs.New(errorsv1.Reason_REASON_NOT_SHOOTER, "someone else has the dice").With("shooter_id", Text(g.Shooter))
	}
	if g.Craps.ComeOut() && !slices.ContainsFunc(t.live(player), isLine) {
		return errs.New(errorsv1.Reason_REASON_LINE_BET_REQUIRED, "place a pass_line or dont_pass bet before you roll")
	}
	return nil
}

// Settle gives every live bet what the dice of a committed round give it, and moves the hand on. All live bets must be
// loaded. The dice follow from the beacon and the commitment, so a round can't be settled in two ways.
func (t *Turn) Settle(round *Round, decision Decision) {
	first, second := protocol.Dice(beacon.Randomness(decision.BeaconSignature), round.Commitment.Hash())
	roll := t.Game.Craps.Roll(craps.Dice{First: first, Second: second})
	var settlements []*gamev1.Settlement
	for _, bet := range inOrder(t.Bets) {
		if s := t.settleBet(bet, roll, round.Number); s != nil {
			settlements = append(settlements, s)
		}
	}
	round.Status, round.Dice, round.Call, round.Decision, round.SettledAt = Settled, roll.Dice, roll.Call, decision, t.Now
	t.Round = round

	g := t.Game
	g.Craps = roll.After
	g.Rolling, g.UpdatedAt = false, t.Now
	g.Round++
	shooter := g.Shooter
	if roll.Call == craps.SevenOut {
		g.Hand++
		shooter = t.after(g.place(g.Shooter))
	}
	t.emit(&Event{Detail: &gamev1.Event_DiceRolled{DiceRolled: &gamev1.DiceRolled{
		Round: int64(round.Number), Dice: []int32{int32(first), int32(second)}, Total: int32(roll.Total), Call: string(roll.Call),
		Phase: g.Phase(), Point: int32(g.Craps.Point), DecisionHeight: decision.Height, BeaconHeight: decision.BeaconHeight,
		Settlements: settlements, ShooterId: Text(shooter)}}})
	round.Sequence = g.Sequence
	t.giveDice(shooter)
	t.settleDown()
}

// inOrder is the order in which a roll settles bets: by stage, then by id.
func inOrder(bets []*Bet) []*Bet {
	sorted := slices.DeleteFunc(slices.Clone(bets), func(b *Bet) bool { return b.Status != Live })
	slices.SortFunc(sorted, func(a, b *Bet) int {
		return cmp.Or(cmp.Compare(a.Wager.Stage(a.rules()), b.Wager.Stage(b.rules())), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return sorted
}

// settleBet applies a roll to one bet. It returns nil where nothing happened to it.
func (t *Turn) settleBet(bet *Bet, roll craps.Roll, round uint64) *gamev1.Settlement {
	escrow, wallet := ledger.Escrow(bet.Game), ledger.Wallet(bet.Player)
	result := bet.Wager.Resolve(bet.rules(), roll)
	switch result.Outcome {
	case craps.Stay:
		return nil
	case craps.Travel:
		bet.Number = result.Number
	case craps.Win:
		profit := bet.Wager.Profit(result.Line, bet.Amount)
		bet.Status, bet.Payout = Won, bet.Amount+profit
		t.transfer(escrow, wallet, bet.Amount, ledger.StakeBack, bet, round)
		t.transfer(ledger.House, wallet, profit, ledger.Win, bet, round)
	case craps.Lose:
		bet.Status = Lost
		t.transfer(escrow, ledger.House, bet.Amount, ledger.Loss, bet, round)
	case craps.Push:
		bet.Status, bet.Payout = Pushed, bet.Amount
		t.transfer(escrow, wallet, bet.Amount, ledger.StakeBack, bet, round)
	}
	if bet.Status != Live {
		bet.DecidedRound = round
	}
	return &gamev1.Settlement{BetId: bet.ID.String(), PlayerId: bet.Player.String(), BetType: bet.Wager.Name, Amount: bet.Amount,
		Result: bet.Status, Number: int32(bet.Number), Payout: bet.Payout}
}
