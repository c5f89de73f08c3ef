package craps

import "math/bits"

// Some wagers depend on more than the next roll and the point: on what was rolled since the last 7, or on what the hand has won. All of
// them can be placed only while that is still empty, so one tracker of the table serves all bets, and bets need none of their own.

// Since7 tracks what was rolled since the last 7. Every 7 clears it, a come-out 7 included.
type Since7 struct {
	Totals Totals
	Pairs  Pairs
	Hard   Hards
}

// Empty reports whether nothing was rolled since the last 7.
func (s Since7) Empty() bool { return s == Since7{} }

func (s Since7) roll(d Dice) Since7 {
	total := d.Total()
	if total == 7 {
		return Since7{}
	}
	s.Totals = s.Totals.add(total)
	s.Pairs |= Pair(d.First, d.Second)
	if number := hard(total); d.Hard() {
		s.Hard |= number
	} else {
		s.Hard &^= number
	}
	return s
}

// Totals counts how often each total was rolled, in three bits each, up to MaxTotal.
type Totals uint32

// MaxTotal is the limit of a total's count; no wager needs more.
const MaxTotal = 6

// Of returns how often a total was rolled. It is 0 for 7, which clears the counts.
func (t Totals) Of(total uint8) int { return int(t >> totalShift[total] & 7) }

func (t Totals) add(total uint8) Totals {
	if t.Of(total) < MaxTotal {
		t += 1 << totalShift[total]
	}
	return t
}

// Only returns the counts of some totals, each counted up to a limit; the others are 0.
func (t Totals) Only(limit int, totals ...uint8) Totals {
	var out Totals
	for _, total := range totals {
		out |= Totals(min(t.Of(total), limit)) << totalShift[total]
	}
	return out
}

// CountedTotals are the totals that are counted, in the order of Counts.
var CountedTotals = [10]uint8{2, 3, 4, 5, 6, 8, 9, 10, 11, 12}

// Counts returns the counts of 2 to 6 and 8 to 12, in this order.
func (t Totals) Counts() (counts [10]uint8) {
	for i, total := range CountedTotals {
		counts[i] = uint8(t.Of(total))
	}
	return counts
}

// TotalsOf is the inverse of Counts. Counts above MaxTotal are reduced to it.
func TotalsOf(counts [10]uint8) (t Totals) {
	for i, total := range CountedTotals {
		t |= Totals(min(counts[i], MaxTotal)) << totalShift[total]
	}
	return t
}

// totalShift is the position of a total's bits. Those of 7 are never set.
var totalShift = [13]uint8{2: 0, 3: 3, 4: 6, 5: 9, 6: 12, 8: 15, 9: 18, 10: 21, 11: 24, 12: 27, 7: 30}

// Pairs is a set of unordered pairs of dice: one bit each, in the order 1-1, 1-2, ... 1-6, 2-2, ... 6-6.
type Pairs uint32

// Pair returns the bit of a pair.
func Pair(a, b uint8) Pairs { return pairBit[a][b] }

var pairBit = func() (bits [7][7]Pairs) {
	bit := Pairs(1)
	for a := 1; a <= 6; a++ {
		for b := a; b <= 6; b++ {
			bits[a][b], bits[b][a] = bit, bit
			bit <<= 1
		}
	}
	return bits
}()

// Hards is a set of 4, 6, 8 and 10, one bit each, in this order: the numbers that were last rolled as a pair.
type Hards uint8

// hard returns the bit of a total, 0 for one that has none.
func hard(total uint8) Hards {
	if total%2 != 0 || total < 4 || total > 10 {
		return 0
	}
	return 1 << (total/2 - 2)
}

// Hand tracks what a shooter's hand has won. A seven-out clears it.
type Hand struct {
	Made Made
	// Wins counts the wins of the pass line, come-out 7 and 11 and points made, up to MaxWins.
	Wins uint8
}

// MaxWins is the limit of the count of a hand's wins; no wager needs more.
const MaxWins = 11

func (h Hand) won() Hand {
	h.Wins = min(h.Wins+1, MaxWins)
	return h
}

func (h Hand) made(point uint8) Hand {
	h.Made = h.Made.add(point)
	return h.won()
}

// Made counts how often each point was made, in three bits each, up to MaxMade.
type Made uint32

// MaxMade is the limit of a point's count; no wager needs more.
const MaxMade = 4

// Of returns how often a point was made.
func (m Made) Of(point uint8) int { return int(m >> pointShift[point] & 7) }

func (m Made) add(point uint8) Made {
	if m.Of(point) < MaxMade {
		m += 1 << pointShift[point]
	}
	return m
}

// only returns the count of one point; the others are 0.
func (m Made) only(point uint8) Made { return m & (7 << pointShift[point]) }

// Once returns the same points with each counted once.
func (m Made) Once() Made {
	var out Made
	for _, point := range Points {
		if m.Of(point) > 0 {
			out |= 1 << pointShift[point]
		}
	}
	return out
}

// Distinct returns how many different points were made.
func (m Made) Distinct() int { return bits.OnesCount32(uint32(m.Once())) }

// Counts returns the counts in the order of Points.
func (m Made) Counts() (counts [6]uint8) {
	for i, point := range Points {
		counts[i] = uint8(m.Of(point))
	}
	return counts
}

// MadeOf is the inverse of Counts. Counts above MaxMade are reduced to it.
func MadeOf(counts [6]uint8) (m Made) {
	for i, point := range Points {
		m |= Made(min(counts[i], MaxMade)) << pointShift[point]
	}
	return m
}

// Points are the numbers that can be a point.
var Points = [6]uint8{4, 5, 6, 8, 9, 10}

var pointShift = [11]uint8{4: 0, 5: 3, 6: 6, 8: 9, 9: 12, 10: 15}
