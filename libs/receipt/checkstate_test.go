package receipt_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
)

// stateOf converts a table's state to the one that a round commits to.
func stateOf(t testing.TB, s craps.State, round, hand uint64) protocol.State {
	t.Helper()
	encoded := protocol.State{Game: game, Round: round, Hand: hand, Rolls: s.Rolls, Point: s.Point, Shooter: me, Totals: s.Since7.Totals.Counts(),
		Pairs: uint32(s.Since7.Pairs), Hard: uint8(s.Since7.Hard), PointsMade: s.Hand.Made.Counts(), PassWins: s.Hand.Wins}
	state, err := protocol.DecodeState(encoded.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// TestEveryReachableStateIsAccepted plays long games. In some, a 7 is rare, so that every count reaches its limit, or a 7 is rare once a
// point is set, so that hands win a lot.
func TestEveryReachableStateIsAccepted(t *testing.T) {
	rng, seen := rand.New(rand.NewPCG(1, 2)), map[string]int{}
	throw := func() craps.Dice { return craps.Dice{First: uint8(1 + rng.IntN(6)), Second: uint8(1 + rng.IntN(6))} }
	for range 500 {
		s, hand, rare := craps.State{}, uint64(1), [2]int{rng.IntN(40), rng.IntN(40)}
		for round := uint64(1); round < 200; round++ {
			state, dice := stateOf(t, s, round, hand), throw()
			if err := receipt.CheckState(state); err != nil {
				t.Fatalf("%+v: %v", state, err)
			}
			phase := min(int(s.Point), 1)
			for again := rare[phase]; dice.Total() == 7 && again > 0; again -= 4 {
				dice = throw()
			}
			roll := s.Roll(dice)
			if roll.Call == craps.SevenOut {
				hand++
			}
			next := stateOf(t, roll.After, round+1, hand)
			if err := receipt.CheckNext(state, nil, dice, next, nil); err != nil {
				t.Fatalf("%+v, %v: %v", state, dice, err)
			}
			seen[string(roll.Call)]++
			for name, is := range map[string]bool{"capped": next.Totals[4] == craps.MaxTotal, "wins": next.PassWins == craps.MaxWins,
				"made": next.PointsMade[2] == craps.MaxMade, "hard": next.Hard == 15, "hands": hand > 10} {
				if is {
					seen[name]++
				}
			}
			s = roll.After
		}
	}
	for _, name := range []string{"natural", "craps", "point_set", "point_made", "seven_out", "roll", "capped", "wins", "made", "hard", "hands"} {
		if seen[name] == 0 {
			t.Errorf("no game reaches %s: %v", name, seen)
		}
	}
}

// second is the table after a 6 that was rolled as 2 and 4.
var second = protocol.State{Game: game, Round: 2, Hand: 1, Rolls: 1, Point: 6, Totals: [10]uint8{4: 1}, Pairs: uint32(craps.Pair(2, 4))}

func TestUnreachableStatesAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		says   string
		change func(*protocol.State)
	}{
		"as it is":                      {"", func(*protocol.State) {}},
		"a point of 1":                  {"point: 1", func(s *protocol.State) { s.Point = 1 }},
		"a point of 7":                  {"point: 7", func(s *protocol.State) { s.Point = 7 }},
		"a point that did not come":     {"totals: no 8", func(s *protocol.State) { s.Point = 8 }},
		"a point before any roll":       {"rolls: 0", func(s *protocol.State) { s.Round, s.Rolls = 1, 0 }},
		"wins before any roll":          {"rolls: 0", func(s *protocol.State) { *s = first; s.PassWins = 1 }},
		"more rolls than rounds":        {"rolls: 2", func(s *protocol.State) { s.Rolls = 2 }},
		"no round":                      {"rolls: 0", func(s *protocol.State) { s.Round, s.Rolls = 0, 0 }},
		"a first hand that began later": {"hand: 1, and 1 of the 2", func(s *protocol.State) { s.Round = 3 }},
		"no hand":                       {"hand: 0", func(s *protocol.State) { s.Hand = 0 }},
		"more hands than rolls":         {"hand: 2, with 1", func(s *protocol.State) { s.Round, s.Hand = 3, 2 }},
		"hands beyond counting":         {"hand: ", func(s *protocol.State) { s.Hand = 1<<64 - 1 }},
		"a win too many":                {"rolls: 1 are too few", func(s *protocol.State) { s.PassWins = 1 }},
		"a point made, and no win":      {"pass_wins: 0", func(s *protocol.State) { s.PointsMade[0] = 1 }},
		"a point made in no time": {"rolls: 2 are too few", func(s *protocol.State) {
			s.Round, s.Rolls, s.PassWins, s.PointsMade[2], s.Totals[4] = 3, 2, 1, 1, 2
		}},
		"more came than was rolled": {"totals: 2 rolls", func(s *protocol.State) { s.Totals[0] = 1 }},
		"less came, and no 7":       {"totals: 1 rolls since the last 7, of 2", func(s *protocol.State) { s.Round, s.Rolls = 3, 2 }},
		"no pairs":                  {"pairs: 0 of total 6", func(s *protocol.State) { s.Pairs = 0 }},
		"a pair too many":           {"pairs: 2 of total 6", func(s *protocol.State) { s.Pairs |= uint32(craps.Pair(1, 5)) }},
		"a pair of another total":   {"pairs: 1 of total 5", func(s *protocol.State) { s.Pairs |= uint32(craps.Pair(1, 4)) }},
		"a pair of 7":               {"pairs: one of 7", func(s *protocol.State) { s.Pairs |= uint32(craps.Pair(3, 4)) }},
		"hard without its pair":     {"hard: the bit of 6", func(s *protocol.State) { s.Hard = 2 }},
		"a pair that is not hard":   {"hard: the bit of 6", func(s *protocol.State) { s.Pairs = uint32(craps.Pair(3, 3)) }},
		"hard and rolled no more":   {"", func(s *protocol.State) { s.Pairs, s.Hard = uint32(craps.Pair(3, 3)), 2 }},
	} {
		state := second
		tc.change(&state)
		if err := receipt.CheckState(state); (err == nil) != (tc.says == "") || err != nil && !strings.HasPrefix(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %s", name, err, tc.says)
		}
	}
	h, forged := newHouse(t), second
	forged.Point = 7
	if last := h.verify(h.receipt(me, forged, bet(1, "pass_line", 10))); last.Name != "state" || last.Err == nil {
		t.Errorf("a receipt of an impossible state: %+v", last)
	}
}

func TestImpossibleBetsAreRefused(t *testing.T) {
	come := func(number uint8) protocol.Bet { b := bet(3, "come", 10); b.Number = number; return b }
	odds := func(wager string, number uint8, amount uint64) protocol.Bet {
		b := bet(9, wager, amount)
		b.Number = number
		return b
	}
	rests := func(b protocol.Bet) protocol.Bet { b.Working = false; return b }
	on := func(b protocol.Bet, number uint8) protocol.Bet { b.Number = number; return b }
	theirs := bet(2, "pass_line", 10)
	theirs.Player = other
	pass := bet(1, "pass_line", 10)
	for name, tc := range map[string]struct {
		says  string
		state protocol.State
		bets  []protocol.Bet
	}{
		"good ones":                     {"", second, []protocol.Bet{pass, theirs, come(0), rests(bet(4, "place_6", 12)), odds("odds_pass", 6, 50)}},
		"odds on come":                  {"", second, []protocol.Bet{come(6), rests(odds("odds_come", 6, 50))}},
		"a line bet on a number":        {"bets[0].number: 6; pass_line takes none", second, []protocol.Bet{on(pass, 6)}},
		"a place bet on a number":       {"bets[0].number: 6", second, []protocol.Bet{on(bet(1, "place_6", 6), 6)}},
		"come before a point":           {"bets[0].number: 0", first, []protocol.Bet{come(0)}},
		"come on 7":                     {"bets[0].number: 7", second, []protocol.Bet{come(7)}},
		"come on what did not come":     {"bets[0].number: 8, which was not rolled", second, []protocol.Bet{come(8)}},
		"line odds off the point":       {"bets[1].number: 8; odds_pass stands on the point, which is 6", second, []protocol.Bet{pass, odds("odds_pass", 8, 10)}},
		"line odds before a point":      {"bets[1].number: 0", first, []protocol.Bet{pass, odds("odds_pass", 0, 10)}},
		"come odds on no number":        {"bets[1].number: 0", second, []protocol.Bet{come(6), odds("odds_come", 0, 10)}},
		"odds behind nothing":           {"bets[1].bet_type: odds_dont_pass stands behind no dont_pass", second, []protocol.Bet{pass, odds("odds_dont_pass", 6, 12)}},
		"odds behind another's":         {"bets[1].bet_type: ", second, []protocol.Bet{theirs, odds("odds_pass", 6, 10)}},
		"odds over the limit":           {"bets[1].amount: 55; at most 50", second, []protocol.Bet{pass, odds("odds_pass", 6, 55)}},
		"odds that do not pay exactly":  {"bets[1].amount: 12; odds_pass pays exactly only on multiples of 5", second, []protocol.Bet{pass, odds("odds_pass", 6, 12)}},
		"a stake that does not either":  {"bets[0].amount: 10; place_6", second, []protocol.Bet{bet(1, "place_6", 10)}},
		"a line bet that rests":         {"bets[0].working: false", second, []protocol.Bet{rests(pass)}},
		"odds on don't come that rest":  {"bets[1].working: false", second, []protocol.Bet{on(bet(1, "dont_come", 10), 6), rests(odds("odds_dont_come", 6, 12))}},
		"two of one kind":               {"bets[1].bet_type: the player has another pass_line", second, []protocol.Bet{pass, bet(2, "pass_line", 10)}},
		"an order that is not the ids'": {"bets[1].bet_id", second, []protocol.Bet{theirs, pass}},
	} {
		if err := receipt.CheckBets(tc.state, tc.bets); (err == nil) != (tc.says == "") || err != nil && !strings.HasPrefix(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %s", name, err, tc.says)
		}
	}
}
