package play

import (
	"github.com/google/uuid"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// protection is what a player has set, nil for nothing. A deleted player has set nothing, and nothing is counted.
func (t *Turn) protection(player uuid.UUID) *protection.State {
	if t.present(player) != nil || t.Funds == nil {
		return nil
	}
	return t.Protections[player]
}

// present fails where a player was deleted. The player's wallet must be loaded.
func (t *Turn) present(player uuid.UUID) error {
	if t.Funds == nil {
		return nil
	}
	return t.Protections[player].Present()
}

// mayPlay fails where a player was deleted, or keeps from play. The player's wallet must be loaded.
func (t *Turn) mayPlay(player uuid.UUID) error {
	if err := t.present(player); err != nil {
		return err
	}
	return t.protection(player).MayPlay(t.Now)
}

// checkProtection fails where the player has said that this bet must not be.
func (t *Turn) checkProtection(bet *Bet) error {
	set := t.protection(bet.Player)
	if set == nil {
		return nil
	}
	return set.MayBet(bet.Amount, bet.Amount+bet.Wager.CommissionFor(bet.Amount), t.Now, t.Rules.Protection)
}

// count has a player's limits know of a movement of a bet's money.
func (t *Turn) count(player uuid.UUID, m ledger.Transfer) {
	set := t.protection(player)
	if set == nil {
		return
	}
	gain := func(kind ledger.Kind) (sum int64) {
		if m.To.Kind == kind {
			sum += m.Amount
		}
		if m.From.Kind == kind {
			sum -= m.Amount
		}
		return sum
	}
	set.Move(gain(ledger.KindPlayer), gain(ledger.KindEscrow), t.Now)
}

// remind tells players who have bets in a settled round of the reality checks that are due. Between two rounds is where
// a player can stop.
func (t *Turn) remind(round uint64) {
	for _, result := range t.Results {
		set := t.protection(result.Player)
		if result.Round == round && set != nil && set.Announce(t.Now, t.Rules.Protection) {
			t.emit(&Event{Detail: &gamev1.Event_RealityCheck{RealityCheck: &gamev1.RealityCheck{PlayerId: result.Player.String()}}})
		}
	}
}
