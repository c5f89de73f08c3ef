package play

import (
	"cmp"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
)

// BetChange is a player's change of a live bet; nil fields leave it as it is.
type BetChange struct {
	// Amount is a smaller stake.
	Amount *int64
	// Working is whether the bet takes part in come-out rolls.
	Working *bool
}

// UpdateBet changes a bet. The player's live bets and wallet must be loaded; bet is the stored one if it is no longer
// live.
func (t *Turn) UpdateBet(bet *Bet, change BetChange) error {
	if err := cmp.Or(t.checkNotDeleted(bet.Player), t.checkChangeable(bet)); err != nil {
		return err
	}
	if change.Working != nil && *change.Working != bet.Working && !bet.Wager.OffOnComeOut {
		return errs.New(errorsv1.Reason_REASON_WORKING_NOT_APPLICABLE, "%s works on every roll; leave working out", bet.Wager.Name).
			Field("working", "only for wagers that rest on come-out rolls")
	}
	if change.Working != nil && *change.Working && !bet.Working { // More is at risk, as with a new bet.
		if err := t.protection(bet.Player).MayPlay(t.Now); err != nil {
			return err
		}
	}
	before := *bet
	if change.Amount != nil && *change.Amount != bet.Amount {
		if err := t.reduce(bet, *change.Amount); err != nil {
			return err
		}
	}
	if change.Working != nil {
		bet.Working = *change.Working
	}
	if *bet == before {
		return nil
	}
	t.emit(&Event{Detail: &gamev1.Event_BetChanged{BetChanged: &gamev1.BetChanged{BetId: bet.ID.String(), PlayerId: bet.Player.String(),
		Amount: bet.Amount, Working: bet.Working, Commission: bet.Commission}}})
	t.betChanged(bet)
	return nil
}

// reduce lowers a stake and returns the difference, together with the commission on it.
func (t *Turn) reduce(bet *Bet, amount int64) error {
	if amount > bet.Amount {
		return errs.New(errorsv1.Reason_REASON_BET_RAISED, "amount is %d; the bet of %d can be reduced, not raised", amount, bet.Amount).
			Field("amount", "must not exceed the stake").WithMetadata("max", bet.Amount)
	}
	if err := t.checkRemovable(bet); err != nil {
		return err
	}
	smaller := *bet
	smaller.Amount, smaller.Commission = amount, bet.Wager.CommissionFor(amount)
	if err := t.checkAmount(&smaller); err != nil {
		return err
	}
	for _, odds := range t.liveBets(bet.Player) {
		if odds.Wager.Behind == bet.Wager && t.flatBet(odds) == bet && odds.Amount > odds.Wager.MaxStake(odds.Number, amount) {
			return errs.New(errorsv1.Reason_REASON_ODDS_OVER_LIMIT, "odds of %d stand behind the bet; behind %d at most %d may stand, so reduce them first",
				odds.Amount, amount, odds.Wager.MaxStake(odds.Number, amount)).Field("amount", "must support the odds behind it")
		}
	}
	t.Game.Exposure += smaller.maxProfit() - bet.maxProfit()
	t.refund(bet, bet.Amount-smaller.Amount, bet.Commission-smaller.Commission)
	*bet = smaller
	return nil
}

// refund returns a stake and its commission from escrow to the wallet, and to the house what the game's lower exposure no longer needs:
// otherwise players could have all its funds set aside by bets that they take back.
func (t *Turn) refund(bet *Bet, stake, commission int64) {
	escrow, wallet := ledger.Escrow(bet.Game), ledger.Wallet(bet.Player)
	if protection := t.protection(bet.Player); protection != nil && bet.PlacedRound == t.Game.Round {
		protection.RecordRefund(stake, bet.PlacedAt, t.Now)
	}
	t.transfer(escrow, wallet, stake, ledger.Removed, bet, t.Game.Round)
	t.transfer(escrow, wallet, commission, ledger.CommissionBack, bet, t.Game.Round)
	t.releaseReserve()
}

// RemoveBet takes a bet back, together with the odds behind it. The player's live bets and wallet must be loaded; bet is
// the stored one if it is no longer live.
func (t *Turn) RemoveBet(bet *Bet) error {
	if bet.Status == Removed {
		return nil
	}
	if err := t.checkChangeable(bet); err != nil {
		return err
	}
	if err := t.checkRemovable(bet); err != nil {
		return err
	}
	t.removeWithOdds(bet)
	return nil
}

// checkChangeable fails if a bet is not live, or betting is closed.
func (t *Turn) checkChangeable(bet *Bet) error {
	switch bet.Status {
	case Live:
		return t.checkBettingOpen()
	case Removed:
		return errs.New(errorsv1.Reason_REASON_BET_DECIDED, "the bet was taken back")
	}
	return errs.New(errorsv1.Reason_REASON_BET_DECIDED, "round %d decided the bet", bet.DecidedRound)
}

func (t *Turn) checkRemovable(bet *Bet) error {
	if !bet.Wager.Removable(bet.rules(), t.Game.Craps) {
		return errs.New(errorsv1.Reason_REASON_BET_LOCKED, "%s is a contract: it stands until it is decided", bet.Wager.Name)
	}
	return nil
}

// removeWithOdds returns the stake of a bet and, for a flat bet, the stakes of its odds.
func (t *Turn) removeWithOdds(bet *Bet) {
	t.Game.Exposure -= bet.maxProfit()
	bet.Status, bet.Payout = Removed, bet.Amount+bet.Commission
	t.refund(bet, bet.Amount, bet.Commission)
	t.emit(&Event{Detail: &gamev1.Event_BetRemoved{BetRemoved: &gamev1.BetRemoved{BetId: bet.ID.String(), PlayerId: bet.Player.String(), Amount: bet.Payout}}})
	t.betChanged(bet)
	for _, odds := range t.liveBets(bet.Player) {
		if odds.Wager.Behind == bet.Wager && t.flatBet(odds) == nil {
			t.removeWithOdds(odds)
		}
	}
}
