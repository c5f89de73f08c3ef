package receipt

import (
	"fmt"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
)

// checkSettlement settles every bet by the rules, those of other players too: a house that pays them wrongly can't be trusted with any.
func (v *verifier) checkSettlement() (string, error) {
	paid := int64(0)
	for i, p := range v.receipt.GetBets() {
		outcome, payout := Settle(v.bets[i], v.roll)
		if p.GetOutcome() != outcome.String() || p.GetPayout() != payout {
			return "", fmt.Errorf("bets[%d]: %q, %d paid; by the rules it is %s, %d paid", i, p.GetOutcome(), p.GetPayout(), outcome, payout)
		}
		if paid += payout; paid > maxAmount {
			return "", fmt.Errorf("bets[%d]: %d paid up to it; at most %d is allowed", i, paid, maxAmount)
		}
	}
	return fmt.Sprintf("%d was paid for yours, as the rules say: %s", v.paid(), v.list(func(i int) string {
		return fmt.Sprintf("%s %d", v.receipt.GetBets()[i].GetOutcome(), v.receipt.GetBets()[i].GetPayout())
	})), nil
}

// paid returns what the player's bets paid back.
func (v *verifier) paid() (sum int64) {
	for _, i := range v.own {
		sum += v.receipt.GetBets()[i].GetPayout()
	}
	return sum
}

// Settle returns the outcome of a roll for a bet, and what it pays back, the stake included. The wager's code must be known.
func Settle(bet protocol.Bet, roll craps.Roll) (craps.Outcome, int64) {
	wager, stake := craps.ByCode(bet.Wager), int64(bet.Amount)
	result := wager.Resolve(craps.Bet{Number: bet.Number, Working: bet.Working}, roll)
	switch result.Outcome {
	case craps.Win:
		return result.Outcome, stake + wager.Profit(result.Line, stake)
	case craps.Push:
		return result.Outcome, stake
	}
	return result.Outcome, 0
}

func (v *verifier) checkBalance() (string, error) {
	before, after := v.receipt.GetBalanceBefore(), v.receipt.GetBalanceAfter()
	if max(before, after) > maxAmount {
		return "", fmt.Errorf("from %d to %d; at most %d is allowed", before, after, maxAmount)
	}
	if before < 0 || after-before != v.paid() {
		return "", fmt.Errorf("from %d to %d; %d was paid", before, after, v.paid())
	}
	return fmt.Sprintf("the wallet went from %d to %d", before, after), nil
}
