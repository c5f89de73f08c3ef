package receipt

import (
	"math"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// TestPayoutsAreBounded settles stakes on the field, which pays double on a 2.
func TestPayoutsAreBounded(t *testing.T) {
	field := craps.ByName("field")
	for name, tc := range map[string]struct {
		stakes []uint64
		ok     bool
	}{
		"all there can be": {[]uint64{maxAmount / 3}, true},
		"a third too much": {[]uint64{maxAmount/3 + 1}, false},
		"too much in all":  {[]uint64{maxAmount / 3, 1}, false},
	} {
		v := &verifier{receipt: &receiptv1.Receipt{}, roll: craps.State{}.Roll(craps.Dice{First: 1, Second: 1})}
		for _, stake := range tc.stakes {
			v.bets = append(v.bets, protocol.Bet{Wager: field.Code, Amount: stake})
			v.receipt.Bets = append(v.receipt.Bets, &receiptv1.SettledBet{Outcome: "win", Payout: int64(stake) * 3})
		}
		if _, err := v.checkSettlement(); (err == nil) != tc.ok || err != nil && !strings.Contains(err.Error(), "at most") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNoPayTableOverflows checks every pay line with the largest amount: its payout, on top of the largest possible sum, fits in an int64.
func TestNoPayTableOverflows(t *testing.T) {
	for _, wager := range craps.Wagers() {
		for i, pay := range wager.Pays {
			if most := float64(maxAmount) * (2 + float64(pay.To)/float64(pay.Per)); most > math.MaxInt64 {
				t.Errorf("line %d of %s: %g", i, wager.Name, most)
			}
		}
	}
}
