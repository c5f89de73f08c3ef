package chain

import (
	"slices"

	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// auditMembers logs the validators that a block added, removed or expelled, and a new sharing of the beacon's key.
func (a *app) auditMembers(height int64, before, after *order.Group) {
	audit := telemetry.Audit(a.logger)
	has := func(members []order.Member, m order.Member) bool {
		return slices.ContainsFunc(members, func(other order.Member) bool { return other.Address() == m.Address() })
	}
	for _, m := range before.Members {
		if !has(after.Members, m) {
			audit.Warn("a validator was removed", "member", m.Name, "height", height)
		}
	}
	for _, m := range after.Members {
		if !has(before.Members, m) {
			audit.Info("a validator was added", "member", m.Name, "height", height)
		}
	}
	if n, last := len(after.Sharings), len(before.Sharings); n > 0 && (last == 0 || after.Sharings[n-1].From != before.Sharings[last-1].From) {
		audit.Info("the beacon's key has a new sharing", "from_height", after.Sharings[n-1].From, "height", height)
	}
}
