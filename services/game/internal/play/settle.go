package play

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
)

// Settle settles every live bet with the dice of a committed round, and advances the hand. All live bets must be loaded. The
// dice follow from the beacon and the commitment, so a round can't be settled in two ways.
func (t *Turn) Settle(round *Round, decision Decision) error {
	first, second := protocol.Dice(beacon.Randomness(decision.BeaconSignature), round.Commitment.Hash())
	round.Decision = decision
	return t.SettleDice(round, craps.Dice{First: first, Second: second})
}

// SettledRound returns the round with that number if this turn has settled it, else nil.
func (t *Turn) SettledRound(number uint64) *Round {
	for _, round := range t.Rounds {
		if round.Number == number && round.Status == Settled {
			return round
		}
	}
	return nil
}

// SettleDice settles a committed round with given dice; package lab uses it for scripted rolls.
func (t *Turn) SettleDice(round *Round, dice craps.Dice) error {
	// The exposure was set aside when the bets were placed, except for bets placed by releases without reserves, which is done here.
	if err := t.cover(t.Exposure()); err != nil {
		return err
	}
	roll, decision := t.Game.Craps.Roll(dice), round.Decision
	bets := settlementOrder(t.Bets)
	var settlements []*gamev1.Settlement
	for _, bet := range bets {
		if s := t.settleBet(bet, roll, round.Number); s != nil {
			settlements = append(settlements, s)
		}
	}
	round.Status, round.Dice, round.Call, round.SettledAt = Settled, roll.Dice, roll.Call, t.Now
	t.Rounds = append(t.Rounds, round)

	g := t.Game
	g.Craps, g.Rolling, g.UpdatedAt = roll.After, false, t.Now
	g.Round++
	shooter := g.Shooter
	if roll.Call == craps.SevenOut {
		g.Hand++
		shooter = t.playerAfterShooter()
	}
	t.emit(&Event{Detail: &gamev1.Event_DiceRolled{DiceRolled: &gamev1.DiceRolled{
		Round: int64(round.Number), Dice: []int32{int32(dice.First), int32(dice.Second)}, Total: int32(roll.Total), Call: string(roll.Call),
		Phase: g.Phase(), Point: int32(g.Craps.Point), DecisionHeight: decision.Height, BeaconHeight: decision.BeaconHeight,
		Settlements: settlements, ShooterId: IDString(shooter)}}})
	round.Sequence = g.Sequence
	g.Exposure = t.Exposure()
	t.releaseReserve()
	t.Results = append(t.Results, t.playerResults(bets, round.Number)...)
	t.announceRealityChecks(round.Number)
	t.setShooter(shooter)
	t.closeOrSetTurnDue()
	return nil
}

// Exposure adds up what the live bets can win. All of them must be loaded.
func (t *Turn) Exposure() int64 {
	sum := int64(0)
	for _, bet := range t.Bets {
		if bet.Status == Live {
			sum += bet.maxProfit()
		}
	}
	return sum
}

// settlementOrder returns the live bets in the order in which a roll settles them: by stage, then by id.
func settlementOrder(bets []*Bet) []*Bet {
	sorted := slices.DeleteFunc(slices.Clone(bets), func(b *Bet) bool { return b.Status != Live })
	slices.SortFunc(sorted, func(a, b *Bet) int {
		return cmp.Or(cmp.Compare(a.Wager.Stage(a.rules()), b.Wager.Stage(b.rules())), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return sorted
}

// settleBet applies a roll to one bet. It returns nil if nothing happened to it.
func (t *Turn) settleBet(bet *Bet, roll craps.Roll, round uint64) *gamev1.Settlement {
	escrow, wallet, reserve := ledger.Escrow(bet.Game), ledger.Wallet(bet.Player), ledger.Reserve(bet.Game)
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
		t.transfer(reserve, wallet, profit, ledger.Win, bet, round)
	case craps.Lose:
		bet.Status = Lost
		t.transfer(escrow, ledger.House, bet.Amount, ledger.Loss, bet, round)
	case craps.Push:
		bet.Status, bet.Payout = Pushed, bet.Amount
		t.transfer(escrow, wallet, bet.Amount, ledger.StakeBack, bet, round)
	}
	if bet.Status != Live {
		bet.DecidedRound = round
		t.transfer(escrow, ledger.House, bet.Commission, ledger.Commission, bet, round)
	}
	return &gamev1.Settlement{BetId: bet.ID.String(), PlayerId: bet.Player.String(), BetType: bet.Wager.Name, Amount: bet.Amount,
		Result: bet.Status, Number: int32(bet.Number), Payout: bet.Payout}
}

// playerResults adds up the result of a settlement for each player.
func (t *Turn) playerResults(bets []*Bet, round uint64) []Result {
	byPlayer := make(map[uuid.UUID]*Result)
	var players []uuid.UUID
	for _, bet := range bets {
		r := byPlayer[bet.Player]
		if r == nil {
			r = &Result{Game: t.Game.ID, Round: round, Player: bet.Player, Balance: t.Wallets[bet.Player], Decided: Decided{At: t.Now}}
			byPlayer[bet.Player] = r
			players = append(players, bet.Player)
		}
		r.Bets++
		r.Payout += bet.Payout
		if bet.Status != Live && t.checkNotDeleted(bet.Player) == nil { // A deleted player has no scores.
			r.Decided.Bets++
			r.Decided.Staked += bet.Amount + bet.Commission
			r.Decided.Returned += bet.Payout
		}
	}
	slices.SortFunc(players, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	results := make([]Result, len(players))
	for i, player := range players {
		results[i] = *byPlayer[player]
	}
	return results
}
