package receipt_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// TestAllBetsAreShown has a house that shows bets other than those that the round is bound to.
func TestAllBetsAreShown(t *testing.T) {
	h := newHouse(t)
	pass, field, theirs := bet(1, "pass_line", 10), bet(2, "field", 10), bet(3, "pass_line", 20)
	theirs.Player = other
	working, resting := bet(4, "place_6", 600), bet(4, "place_6", 600)
	resting.Working = false
	honest := h.rollUntil(total(11), me, first, pass, field, theirs)
	faces := h.rollUntil(total(7), me, first, working, resting)
	for name, tc := range map[string]struct {
		receipt    *receiptv1.Receipt
		step, says string
		change     func(*receiptv1.Receipt)
	}{
		"as it is": {honest, "balance", "", func(*receiptv1.Receipt) {}},
		"the one who holds the other bet": {honest, "balance", "", func(r *receiptv1.Receipt) {
			r.PlayerId, r.BalanceBefore = r.Bets[2].PlayerId, r.BalanceAfter-r.Bets[2].Payout
		}},
		"a winning bet left out": {honest, "bets", "2; the round was bound to 3", func(r *receiptv1.Receipt) {
			r.BalanceBefore += r.Bets[1].Payout
			r.Bets = append(r.Bets[:1:1], r.Bets[2])
		}},
		"left out, and the count changed": {honest, "bets", "bets_root", func(r *receiptv1.Receipt) {
			r.BalanceBefore += r.Bets[1].Payout
			r.Bets, r.Commitment.BetCount = append(r.Bets[:1:1], r.Bets[2]), 2
		}},
		"another's bet left out":   {honest, "bets", "2; the round", func(r *receiptv1.Receipt) { r.Bets = r.Bets[:2] }},
		"another's bet made mine":  {honest, "bets", "another pass_line", func(r *receiptv1.Receipt) { r.Bets[2].PlayerId = r.PlayerId }},
		"my bet made another's":    {honest, "bets", "bets_root", func(r *receiptv1.Receipt) { r.Bets[1].PlayerId = r.Bets[2].PlayerId }},
		"another's payout changed": {honest, "settlement", "bets[2]", func(r *receiptv1.Receipt) { r.Bets[2].Payout++ }},
		"none of the player's":     {honest, "bets", "player_id", func(r *receiptv1.Receipt) { r.PlayerId = r.GameId }},
		"an id twice":              {honest, "bets", "none twice", func(r *receiptv1.Receipt) { r.Bets[1].BetId = r.Bets[0].BetId }},
		"two faces":                {faces, "bets", "none twice", func(*receiptv1.Receipt) {}},
		"the face that rests": {faces, "bets", "1; the round was bound to 2", func(r *receiptv1.Receipt) {
			r.Bets = r.Bets[1:]
		}},
		"the face that works, and another count": {faces, "bets", "bets_root", func(r *receiptv1.Receipt) {
			r.Bets, r.Commitment.BetCount = r.Bets[:1], 1
		}},
	} {
		r := proto.CloneOf(tc.receipt)
		tc.change(r)
		if last := h.verify(r); last.Name != tc.step || (last.Err == nil) != (tc.says == "") || last.Err != nil && !strings.Contains(last.Err.Error(), tc.says) {
			t.Errorf("%s: at %s: %v, want at %s: %s", name, last.Name, last.Err, tc.step, tc.says)
		}
	}
}

// TestPlayersSeeWhatWasChecked checks that the player's bets are listed, up to the limit.
func TestPlayersSeeWhatWasChecked(t *testing.T) {
	h := newHouse(t)
	theirs := bet(3, "pass_line", 20)
	theirs.Player = other
	r := h.rollUntil(total(11), me, first, bet(1, "pass_line", 10), bet(2, "field", 5), theirs)
	for step, want := range map[string]string{
		"bets":       "2 of the 3 bets on the table are yours: pass_line 10 (01000000-0000-0000-0000-000000000000), field 5 (02000000-0000-0000-0000-000000000000)",
		"settlement": "30 was paid for yours, as the rules say: pass_line 10 win 20, field 5 win 10",
	} {
		if got := found(t, r, h, step); got != want {
			t.Errorf("%s says %s\nwant %s", step, got, want)
		}
	}
	come := protocol.Bet{ID: protocol.ID{9}, Player: me, Wager: 2, Number: 6, Working: true, Amount: 5}
	r = h.receipt(me, protocol.State{Game: game, Round: 3, Hand: 1, Rolls: 2, Point: 6, Totals: [10]uint8{4: 1, 8: 1}, Pairs: 1<<4 | 1<<19}, come)
	if got := found(t, r, h, "bets"); !strings.Contains(got, "come on 6 5 (09") {
		t.Errorf("a come bet is shown as %s", got)
	}
}

func found(t *testing.T, r *receiptv1.Receipt, h *house, step string) string {
	t.Helper()
	return stepOf(t, receipt.Verify(write(t, r), h.trust), step).Found
}
