package play

import (
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
)

// A table's exposure is the sum of the most that each of its live bets can win. Not all of them can win at once, so it is
// more than the worst roll can cost, and computing it needs no knowledge of how wagers depend on each other. The house sets it
// aside in the table's reserve before it accepts a bet, so it never accepts a bet that it could not pay, and the house's
// balance is what it can still commit to.

const (
	// reserveFloor is the smallest reserve that an open table keeps.
	reserveFloor = 1024
	// reserveSlack is the multiple of its step that a reserve may grow to before the house takes the rest back.
	reserveSlack = 4
	// houseHeadroom is how many times its step the house must have for a table to set aside a whole step, more than it needs.
	// Steps double, so that a busy table rarely moves the house's account; a house with less sets aside exactly what is needed.
	houseHeadroom = 1024
)

// reserveStep is the smallest step that covers an exposure.
func reserveStep(exposure int64) int64 {
	step := int64(reserveFloor)
	for step < exposure {
		step *= 2
	}
	return step
}

// cover raises the table's reserve to at least an exposure. It fails if the house does not have enough.
func (t *Turn) cover(exposure int64) error {
	missing := exposure - t.Reserve
	if missing <= 0 {
		return nil
	}
	if missing > t.House {
		t.HouseShort = true
		return errs.New(errorsv1.Reason_REASON_HOUSE_LIMIT,
			"the house could not pay what this can win: it would have to set aside %d more and has %d; stake less", missing, t.House).
			Field("amount", "must be an amount that the house can pay").WithMetadata("missing", missing).WithMetadata("available", t.House)
	}
	if step := reserveStep(exposure); t.House/houseHeadroom >= step {
		missing = step - t.Reserve
	}
	t.transfer(ledger.House, ledger.Reserve(t.Game.ID), missing, ledger.SetAside, nil, t.Game.Round)
	return nil
}

// releaseReserve returns to the house what the table no longer needs.
func (t *Turn) releaseReserve() {
	keep := t.Game.Exposure
	if step := reserveStep(keep); t.House/houseHeadroom >= step && t.Reserve <= reserveSlack*step && t.Game.Status == Open {
		return
	}
	if t.Reserve > keep {
		t.transfer(ledger.Reserve(t.Game.ID), ledger.House, t.Reserve-keep, ledger.Release, nil, t.Game.Round)
	}
}

// maxProfit is the most that a bet can win.
func (b *Bet) maxProfit() int64 { return b.Wager.MaxProfit(b.Number, b.Amount) }
