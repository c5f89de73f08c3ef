package play

import (
	"github.com/google/uuid"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// protection returns what a player has set, or nil. For a deleted player it is nil, and nothing is counted.
func (t *Turn) protection(player uuid.UUID) *protection.State {
	if t.checkNotDeleted(player) != nil || t.Funds == nil {
		return nil
	}
	return t.Protections[player]
}

// checkNotDeleted fails if the player was deleted. The player's wallet must be loaded.
func (t *Turn) checkNotDeleted(player uuid.UUID) error {
	if t.Funds == nil {
		return nil
	}
	return t.Protections[player].CheckNotDeleted()
}

// checkMayPlay fails if the player was deleted, or is excluded from play. The player's wallet must be loaded.
func (t *Turn) checkMayPlay(player uuid.UUID) error {
	if err := t.checkNotDeleted(player); err != nil {
		return err
	}
	return t.protection(player).MayPlay(t.Now)
}

// checkProtection fails if the player's limits or exclusions forbid this bet.
func (t *Turn) checkProtection(bet *Bet) error {
	set := t.protection(bet.Player)
	if set == nil {
		return nil
	}
	return set.MayBet(bet.Amount, bet.Amount+bet.Wager.CommissionFor(bet.Amount), t.Now, t.Rules.Protection)
}

// countForLimits counts a transfer of a bet's money for the player's limits.
func (t *Turn) countForLimits(player uuid.UUID, transfer ledger.Transfer) {
	set := t.protection(player)
	if set == nil {
		return
	}
	gain := func(kind ledger.Kind) (sum int64) {
		if transfer.To.Kind == kind {
			sum += transfer.Amount
		}
		if transfer.From.Kind == kind {
			sum -= transfer.Amount
		}
		return sum
	}
	set.RecordTransfer(gain(ledger.KindPlayer), gain(ledger.KindEscrow), t.Now)
}

// announceRealityChecks emits events for the reality checks that are due among players who had bets in a settled round. Between two
// rounds is where a player can stop.
func (t *Turn) announceRealityChecks(round uint64) {
	for _, result := range t.Results {
		set := t.protection(result.Player)
		if result.Round == round && set != nil && set.AnnounceCheck(t.Now, t.Rules.Protection) {
			t.emit(&Event{Detail: &gamev1.Event_RealityCheck{RealityCheck: &gamev1.RealityCheck{PlayerId: result.Player.String()}}})
		}
	}
}
