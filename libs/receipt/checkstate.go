package receipt

import (
	"errors"
	"fmt"
	"slices"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
)

// CheckState checks invariants that the state of every game satisfies. It accepts every reachable state, and some unreachable ones:
// CheckNext finds those if the round before is known too.
func CheckState(s protocol.State) error {
	for _, check := range []func(protocol.State) error{checkCounters, checkPoint, checkWins, checkTotals, checkPairs} {
		if err := check(s); err != nil {
			return err
		}
	}
	return nil
}

// checkCounters checks the number of rolls of earlier hands: the first hand has no rolls before it, and each completed hand took at least
// two, a point and a 7.
func checkCounters(s protocol.State) error {
	if s.Round == 0 || uint64(s.Rolls) >= s.Round {
		return fmt.Errorf("rolls: %d of this hand before round %d", s.Rolls, s.Round)
	}
	before := s.Round - 1 - uint64(s.Rolls)
	switch {
	case s.Hand == 1 && before > 0:
		return fmt.Errorf("hand: 1, and %d of the %d rolls before do not belong to it", before, s.Round-1)
	case s.Hand == 0 || before/2 < s.Hand-1:
		return fmt.Errorf("hand: %d, with %d rolls before it; each hand takes at least two", s.Hand, before)
	}
	return nil
}

func checkPoint(s protocol.State) error {
	switch table := crapsState(s); {
	case s.Rolls == 0 && table != (craps.State{}):
		return errors.New("rolls: 0; a hand begins with no point, and with nothing rolled or won")
	case s.Point == 0:
		return nil
	case !slices.Contains(craps.Points[:], s.Point):
		return fmt.Errorf("point: %d; it is 4, 5, 6, 8, 9 or 10, or 0 before there is one", s.Point)
	case table.Since7.Totals.Of(s.Point) == 0:
		return fmt.Errorf("totals: no %d since the last 7, and it is the point", s.Point)
	}
	return nil
}

// checkWins checks that the hand has enough rolls for its wins: each point made is a win, and took another roll before to set it.
func checkWins(s protocol.State) error {
	made, wins, set := sum(s.PointsMade[:]), uint32(s.PassWins), uint32(0)
	if s.Point != 0 {
		set = 1
	}
	switch {
	case wins < min(made, craps.MaxWins):
		return fmt.Errorf("pass_wins: %d, and %d points were made", wins, made)
	case s.Rolls < max(wins, made)+made+set:
		return fmt.Errorf("rolls: %d are too few for %d wins, of which %d are points made", s.Rolls, max(wins, made), made)
	}
	return nil
}

// checkTotals compares the totals since the last 7 with the rolls of the hand. If every win of the hand is a point made, there was no
// 7 in the hand, since it would be a win as well; then all rolls of the hand must be among the totals.
func checkTotals(s protocol.State) error {
	rolled, made := sum(s.Totals[:]), sum(s.PointsMade[:])
	switch {
	case rolled > s.Rolls:
		return fmt.Errorf("totals: %d rolls since the last 7, of %d of the hand", rolled, s.Rolls)
	case rolled < s.Rolls && uint32(s.PassWins) == made && made < craps.MaxWins && slices.Max(s.Totals[:]) < craps.MaxTotal:
		return fmt.Errorf("totals: %d rolls since the last 7, of %d of the hand, which had no 7", rolled, s.Rolls)
	}
	return nil
}

// checkPairs compares the pairs with the counts of their totals, and with the bits of the hard numbers.
func checkPairs(s protocol.State) error {
	sevens, _ := ways(s, 7)
	if sevens > 0 {
		return errors.New("pairs: one of 7, which clears them")
	}
	for i, total := range craps.CountedTotals {
		easy, hard := ways(s, total)
		if n := int(s.Totals[i]); easy+hard > n || easy+hard == 0 && n > 0 {
			return fmt.Errorf("pairs: %d of total %d, which was rolled %d times", easy+hard, total, n)
		}
		bit := total/2 - 2
		if total%2 != 0 || total < 4 || total > 10 {
			continue
		}
		if last := s.Hard>>bit&1 == 1; last && hard == 0 || !last && hard == 1 && easy == 0 {
			return fmt.Errorf("hard: the bit of %d is %d, which contradicts the pairs", total, s.Hard>>bit&1)
		}
	}
	return nil
}

// ways returns how many pairs of a total were rolled: of two different dice, and of two equal ones.
func ways(s protocol.State, total uint8) (easy, hard int) {
	for first := uint8(1); first <= total/2; first++ {
		second := total - first
		switch {
		case second > 6 || craps.Pairs(s.Pairs)&craps.Pair(first, second) == 0:
		case first == second:
			hard++
		default:
			easy++
		}
	}
	return easy, hard
}

func sum(counts []uint8) (n uint32) {
	for _, c := range counts {
		n += uint32(c)
	}
	return n
}
