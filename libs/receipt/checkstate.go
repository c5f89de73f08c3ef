package receipt

import (
	"errors"
	"fmt"
	"slices"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
)

// CheckState checks a state by what every game keeps to. It refuses no state that dice lead to, and takes some that none
// do: those are found where the round before is known too.
func CheckState(s protocol.State) error {
	for _, check := range []func(protocol.State) error{checkCounters, checkPoint, checkWins, checkTotals, checkPairs} {
		if err := check(s); err != nil {
			return err
		}
	}
	return nil
}

// checkCounters counts the rolls of the hands before this one: the first has none before it, and each other one took at
// least a point and a 7.
func checkCounters(s protocol.State) error {
	if s.Round == 0 || uint64(s.Rolls) >= s.Round {
		return fmt.Errorf("rolls: %d of this hand came before round %d", s.Rolls, s.Round)
	}
	before := s.Round - 1 - uint64(s.Rolls)
	switch {
	case s.Hand == 1 && before > 0:
		return fmt.Errorf("hand: 1, and %d of the %d rolls before were not of it", before, s.Round-1)
	case s.Hand == 0 || before/2 < s.Hand-1:
		return fmt.Errorf("hand: %d, with %d rolls before it; each takes two at least", s.Hand, before)
	}
	return nil
}

func checkPoint(s protocol.State) error {
	switch table := crapsState(s); {
	case s.Rolls == 0 && table != (craps.State{}):
		return errors.New("rolls: 0; a hand begins with no point, and with nothing that came or was won before")
	case s.Point == 0:
		return nil
	case !slices.Contains(craps.Points[:], s.Point):
		return fmt.Errorf("point: %d; it is 4, 5, 6, 8, 9 or 10, or 0 before there is one", s.Point)
	case table.Since7.Totals.Of(s.Point) == 0:
		return fmt.Errorf("totals: no %d since the last 7, and it is the point", s.Point)
	}
	return nil
}

// checkWins counts the rolls that the hand's wins took: each point made is a win, and took another roll before.
func checkWins(s protocol.State) error {
	made, wins, set := sum(s.PointsMade[:]), uint32(s.PassWins), uint32(0)
	if s.Point != 0 {
		set = 1
	}
	switch {
	case wins < min(made, craps.MaxWins):
		return fmt.Errorf("pass_wins: %d, and %d points were made", wins, made)
	case s.Rolls < max(wins, made)+made+set:
		return fmt.Errorf("rolls: %d are too few for %d wins, %d of them points that were made", s.Rolls, max(wins, made), made)
	}
	return nil
}

// checkTotals holds what came since the last 7 against the rolls of the hand. All of them came since then where each win of
// the hand is a point made, since a 7 would be a win as well.
func checkTotals(s protocol.State) error {
	came, made := sum(s.Totals[:]), sum(s.PointsMade[:])
	switch {
	case came > s.Rolls:
		return fmt.Errorf("totals: %d rolls since the last 7, of %d of the hand", came, s.Rolls)
	case came < s.Rolls && uint32(s.PassWins) == made && made < craps.MaxWins && slices.Max(s.Totals[:]) < craps.MaxTotal:
		return fmt.Errorf("totals: %d rolls since the last 7, of %d of the hand in which none came", came, s.Rolls)
	}
	return nil
}

// checkPairs holds the pairs that came against how often their totals did, and against the bits of the hard ones.
func checkPairs(s protocol.State) error {
	sevens, _ := ways(s, 7)
	if sevens > 0 {
		return errors.New("pairs: one of 7, which empties them")
	}
	for i, total := range craps.CountedTotals {
		easy, hard := ways(s, total)
		if n := int(s.Totals[i]); easy+hard > n || easy+hard == 0 && n > 0 {
			return fmt.Errorf("pairs: %d of total %d, which came %d times", easy+hard, total, n)
		}
		bit := total/2 - 2
		if total%2 != 0 || total < 4 || total > 10 {
			continue
		}
		if last := s.Hard>>bit&1 == 1; last && hard == 0 || !last && hard == 1 && easy == 0 {
			return fmt.Errorf("hard: the bit of %d is %d, which can't be with the pairs that came", total, s.Hard>>bit&1)
		}
	}
	return nil
}

// ways is how many pairs of a total came: of two different dice, and of two like ones.
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
