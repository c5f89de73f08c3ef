package receipt_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// played returns the receipts of a game's first rounds: a 6, an 8, and a 6 again, with bets that stay.
func played(h *house) []*receiptv1.Receipt {
	s, bets := craps.State{}, []protocol.Bet{bet(1, "pass_line", 10), bet(2, "bonus_small", 5)}
	var out []*receiptv1.Receipt
	for i, n := range []uint8{6, 8, 6} {
		if i == 1 {
			bets = append(bets, bet(3, "come", 10))
		}
		out = append(out, h.rollUntil(total(n), me, stateOf(h.t, s, uint64(i+1), 1), bets...))
		if s = s.Roll(diceOf(out[i])).After; i == 1 {
			bets[2].Number = n
		}
	}
	return out
}

// TestRoundsFollowFromOneAnother has a house that binds a round to a state or bets that do not follow from the round before.
func TestRoundsFollowFromOneAnother(t *testing.T) {
	h := newHouse(t)
	all := played(h)
	third := func(change func(*protocol.State, []protocol.Bet) []protocol.Bet) []*receiptv1.Receipt {
		s := craps.State{}.Roll(diceOf(all[0])).After.Roll(diceOf(all[1])).After
		state, come := stateOf(t, s, 3, 1), bet(3, "come", 10)
		come.Number = 8
		bets := change(&state, []protocol.Bet{bet(1, "pass_line", 10), bet(2, "bonus_small", 5), come})
		return []*receiptv1.Receipt{all[0], all[1], h.receipt(me, state, bets...)}
	}
	elsewhere := func(change func(*protocol.State)) *receiptv1.Receipt {
		state := first
		change(&state)
		return h.receipt(me, state, bet(1, "pass_line", 10))
	}
	broken := proto.CloneOf(all[1])
	broken.BalanceAfter++
	for name, tc := range map[string]struct {
		receipts []*receiptv1.Receipt
		ok       bool
		says     string
	}{
		"in their order":     {all, true, "3 rounds, up to round 3; each follows from the one before and its dice"},
		"in another order":   {[]*receiptv1.Receipt{all[2], all[0], all[1]}, true, "3 rounds, up to round 3; each follows from the one before and its dice"},
		"one is missing":     {[]*receiptv1.Receipt{all[0], all[2]}, true, "2 rounds, up to round 3; each follows from the one before and its dice; round 2 is not among them: what happened there is not checked"},
		"the first ones are": {all[2:], true, "only round 3; rounds 1 to 2 are not among them: what happened there is not checked"},
		"one twice":          {[]*receiptv1.Receipt{all[0], all[0]}, false, "round 1: there are two receipts"},
		"two of one round":   {[]*receiptv1.Receipt{all[0], elsewhere(func(s *protocol.State) { s.Shooter = other })}, false, "round 1: commitment: the chain ordered two"},
		"another game":       {[]*receiptv1.Receipt{all[1], elsewhere(func(s *protocol.State) { s.Game = other })}, false, "round 2: game_id"},
		"one does not hold":  {[]*receiptv1.Receipt{all[0], broken, all[2]}, false, "not checked: 1 of the 3"},
		"nothing":            {nil, false, "not checked"},
		"a lower count": {third(func(s *protocol.State, b []protocol.Bet) []protocol.Bet {
			s.Totals[5], s.Totals[4] = 0, 2
			s.Pairs = 1<<4 | 1<<8
			s.Hard = 0
			return b[:2]
		}), false, "round 3: state.totals"},
		"another point":         {third(func(s *protocol.State, b []protocol.Bet) []protocol.Bet { s.Point = 8; return b }), false, "round 3: state.point: 8; after the round before and its dice it is 6"},
		"another shooter":       {third(func(s *protocol.State, b []protocol.Bet) []protocol.Bet { s.Shooter = other; return b }), false, "round 3: state.shooter_id"},
		"the house rolls":       {third(func(s *protocol.State, b []protocol.Bet) []protocol.Bet { s.Shooter = protocol.ID{}; return b }), true, ""},
		"a contract is gone":    {third(func(_ *protocol.State, b []protocol.Bet) []protocol.Bet { return b[1:] }), false, "round 3: bet 01000000-0000-0000-0000-000000000000 of the round before: pass_line is a contract"},
		"a contract is less":    {third(func(_ *protocol.State, b []protocol.Bet) []protocol.Bet { b[0].Amount--; return b }), false, "of the round before: amount: 9, after 10"},
		"a bet did not travel":  {third(func(_ *protocol.State, b []protocol.Bet) []protocol.Bet { b[2].Number = 0; return b }), false, "another player, wager, number or seed"},
		"a seed is another":     {third(func(_ *protocol.State, b []protocol.Bet) []protocol.Bet { b[0].Seed = []byte("x"); return b }), false, "another player, wager, number or seed"},
		"a bet placed too late": {third(func(_ *protocol.State, b []protocol.Bet) []protocol.Bet { return append(b, bet(4, "dont_pass", 10)) }), false, "bets[3]: a new dont_pass"},
		"a new bet on a number": {third(func(_ *protocol.State, b []protocol.Bet) []protocol.Bet {
			dont := bet(4, "dont_come", 10)
			dont.Number = 6
			return append(b, dont)
		}), false, "bets[3]: a new dont_come"},
		"a new bet in time": {third(func(_ *protocol.State, b []protocol.Bet) []protocol.Bet { return append(b, bet(4, "dont_come", 10)) }), true, ""},
	} {
		var rounds receipt.Sequence
		for _, r := range tc.receipts {
			_ = rounds.Add(write(t, r), h.trust)
		}
		got := rounds.Check()
		text := got.Found
		if got.Err != nil {
			text = got.Err.Error()
		}
		if (got.Err == nil) != tc.ok || got.Name != "sequence" || !strings.Contains(text, tc.says) || tc.ok && strings.Contains(tc.says, "not among") != strings.Contains(text, "not among") {
			t.Errorf("%s: %v, %s, want %s", name, got.Err, text, tc.says)
		}
	}
}

// TestDecidedBetsAreGone has a decided bet that is on the table again, and a hand that does not end.
func TestDecidedBetsAreGone(t *testing.T) {
	field, dice := bet(1, "field", 10), craps.Dice{First: 1, Second: 1}
	next := stateOf(t, craps.State{}.Roll(dice).After, 2, 1)
	if err := receipt.CheckNext(first, []protocol.Bet{field}, dice, next, []protocol.Bet{field}); err == nil || !strings.Contains(err.Error(), "it was decided") {
		t.Errorf("a field bet pays twice: %v", err)
	}
	out := craps.Dice{First: 3, Second: 4}
	if err := receipt.CheckNext(second, nil, out, stateOf(t, craps.State{}, 3, 1), nil); err == nil || !strings.Contains(err.Error(), "state.hand: 1; after the round before and its dice it is 2") {
		t.Errorf("a hand continues after a seven-out: %v", err)
	}
}

// TestManyGapsAreNamedInPart leaves out every other round.
func TestManyGapsAreNamedInPart(t *testing.T) {
	h := newHouse(t)
	var rounds receipt.Sequence
	for hand := uint64(1); hand < 14; hand++ {
		state := protocol.State{Game: game, Round: 2*hand - 1, Hand: hand}
		if err := rounds.Add(write(t, h.receipt(me, state, bet(1, "field", 10))), h.trust).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if got := rounds.Check(); got.Err != nil || !strings.HasSuffix(got.Found, "round 18, round 20, 2 more gaps are not among them: what happened there is not checked") {
		t.Errorf("%s, %v", got.Found, got.Err)
	}
}
