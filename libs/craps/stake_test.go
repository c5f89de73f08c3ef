package craps_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// tables has the pay lines of all wagers, as "to:per", the number that stakes must be a multiple of, and the commission on a stake of that
// number.
var tables = []struct {
	names      string
	pays       string
	multiple   int64
	commission int64
}{
	{"pass_line dont_pass come dont_come", "1:1", 1, 0},
	{"odds_pass odds_come", "2:1 3:2 6:5", 10, 0},
	{"odds_dont_pass odds_dont_come", "1:2 2:3 5:6", 6, 0},
	{"field", "2:1 1:1", 1, 0},
	{"hard_4 hard_10 next_5 next_9 any_craps", "7:1", 1, 0},
	{"hard_6 hard_8", "9:1", 1, 0},
	{"next_2 next_12 bonus_small bonus_tall", "30:1", 1, 0},
	{"next_3 next_11", "15:1", 1, 0},
	{"next_4 next_10", "19:2", 2, 0},
	{"next_6 next_8", "16:3", 3, 0},
	{"next_7", "4:1", 1, 0},
	{"yes_2 yes_12", "6:1", 20, 1},
	{"yes_3 yes_11", "3:1", 20, 1},
	{"yes_4 yes_10", "2:1", 20, 1},
	{"yes_5 yes_9", "3:2", 20, 1},
	{"yes_6 yes_8", "6:5", 20, 1},
	{"no_2 no_12", "1:6", 120, 1},
	{"no_3 no_11", "1:3", 60, 1},
	{"no_4 no_10", "1:2", 40, 1},
	{"no_5 no_9", "2:3", 30, 1},
	{"no_6 no_8", "5:6", 24, 1},
	{"place_4 place_10", "9:5", 5, 0},
	{"place_5 place_9", "7:5", 5, 0},
	{"place_6 place_8", "7:6", 6, 0},
	{"fire", "24:1 249:1 999:1", 1, 0},
	{"bonus_all", "150:1", 1, 0},
	{"hot_roller", "5:1 10:1 20:1 50:1 200:1", 1, 0},
	{"twice_hard", "14:1", 1, 0},
	{"ride_line", "1:1 2:1 3:1 6:1 10:1 20:1 30:1 40:1 100:1", 1, 0},
	{"muggsy", "2:1 3:1", 1, 0},
	{"replay", "1000:1 500:1 120:1 100:1 95:1 70:1", 1, 0},
	{"different_doubles", "4:1 8:1 15:1 100:1", 1, 0},
	{"repeater_2 repeater_12", "39:1", 1, 0},
	{"repeater_3 repeater_11", "49:1", 1, 0},
	{"repeater_4 repeater_10", "64:1", 1, 0},
	{"repeater_5 repeater_9", "79:1", 1, 0},
	{"repeater_6 repeater_8", "89:1", 1, 0},
}

func TestPayTablesMatchPublishedOnes(t *testing.T) {
	found := 0
	for _, tc := range tables {
		for name := range strings.FieldsSeq(tc.names) {
			found++
			w, pays, most := craps.ByName(name), []string(nil), int64(0)
			for line, pay := range w.Pays {
				pays = append(pays, fmt.Sprintf("%d:%d", pay.To, pay.Per))
				most = max(most, w.Profit(line, tc.multiple))
			}
			if got := strings.Join(pays, " "); got != tc.pays {
				t.Errorf("%s pays %s, want %s", name, got, tc.pays)
			}
			if w.Multiple(0) != tc.multiple || w.CommissionFor(3*tc.multiple) != 3*tc.commission {
				t.Errorf("%s: stakes are multiples of %d, and the commission on three is %d; want %d and %d", name, w.Multiple(0), w.CommissionFor(3*tc.multiple), tc.multiple, 3*tc.commission)
			}
			if w.Behind == nil && w.MaxProfit(0, tc.multiple) != most {
				t.Errorf("%s wins %d at most, want %d", name, w.MaxProfit(0, tc.multiple), most)
			}
		}
	}
	if found != len(craps.Wagers()) {
		t.Errorf("%d pay tables are tested, of %d wagers", found, len(craps.Wagers()))
	}
}

// exact reports whether a stake pays whole tokens on some lines, and its commission is whole.
func exact(w *craps.Wager, stake int64, lines []craps.Pay) bool {
	whole := w.Commission != craps.OnStake || stake%20 == 0
	for _, pay := range lines {
		profit := stake * pay.To
		whole = whole && profit%pay.Per == 0
		if w.Commission == craps.OnWin {
			whole = whole && profit%(20*pay.Per) == 0
		}
	}
	return whole
}

func TestMultipleIsTheSmallestStakeThatPaysExactly(t *testing.T) {
	for _, w := range craps.Wagers() {
		numbers := []uint8{0}
		if w.Behind != nil {
			numbers = append(numbers, craps.Points[:]...)
		}
		for _, number := range numbers {
			lines := w.Pays
			if number != 0 {
				line := map[uint8]int{4: 0, 10: 0, 5: 1, 9: 1, 6: 2, 8: 2}[number]
				lines = lines[line : line+1]
			}
			multiple := w.Multiple(number)
			for stake := int64(1); stake <= 2*multiple; stake++ {
				if got := exact(w, stake, lines); got != (stake%multiple == 0) {
					t.Errorf("%s on %d: a stake of %d pays exactly: %v; the multiple is %d", w.Name, number, stake, got, multiple)
				}
			}
		}
	}
}

func TestOddsAreLimitedByTheirFlatBet(t *testing.T) {
	for _, tc := range []struct {
		number                uint8
		take, lay             int64 // Multiples.
		takeMost, layMost     int64 // Behind a flat bet of 10.
		takeProfit, layProfit int64 // Of these.
	}{
		{4, 1, 2, 30, 60, 60, 30}, {5, 2, 3, 40, 60, 60, 40}, {6, 5, 6, 50, 60, 60, 50},
		{8, 5, 6, 50, 60, 60, 50}, {9, 2, 3, 40, 60, 60, 40}, {10, 1, 2, 30, 60, 60, 30},
	} {
		for _, name := range []string{"odds_pass", "odds_come"} {
			w := craps.ByName(name)
			if w.Multiple(tc.number) != tc.take || w.MaxStake(tc.number, 10) != tc.takeMost || w.MaxProfit(tc.number, tc.takeMost) != tc.takeProfit {
				t.Errorf("%s on %d: multiple %d, at most %d, which win %d", name, tc.number, w.Multiple(tc.number), w.MaxStake(tc.number, 10), w.MaxProfit(tc.number, tc.takeMost))
			}
		}
		for _, name := range []string{"odds_dont_pass", "odds_dont_come"} {
			w := craps.ByName(name)
			if w.Multiple(tc.number) != tc.lay || w.MaxStake(tc.number, 10) != tc.layMost || w.MaxProfit(tc.number, tc.layMost) != tc.layProfit {
				t.Errorf("%s on %d: multiple %d, at most %d, which win %d", name, tc.number, w.Multiple(tc.number), w.MaxStake(tc.number, 10), w.MaxProfit(tc.number, tc.layMost))
			}
		}
	}
}

func TestOddsWinOnTheLineOfTheirNumber(t *testing.T) {
	for _, number := range craps.Points {
		made := craps.Dice{First: number / 2, Second: number - number/2}
		for name, d := range map[string]craps.Dice{"odds_pass": made, "odds_come": made, "odds_dont_pass": {First: 3, Second: 4}, "odds_dont_come": {First: 3, Second: 4}} {
			got := craps.ByName(name).Resolve(craps.Bet{Number: number}, craps.State{Point: number}.Roll(d))
			want := map[uint8]int{4: 0, 10: 0, 5: 1, 9: 1, 6: 2, 8: 2}[number]
			if got.Outcome != craps.Win || got.Line != want {
				t.Errorf("%s on %d: %s on line %d, want line %d", name, number, got.Outcome, got.Line, want)
			}
		}
	}
}

func TestFieldPays2And12Double(t *testing.T) {
	for _, d := range rolls() {
		want := 1
		if d.Total() == 2 || d.Total() == 12 {
			want = 0
		}
		if got := craps.ByName("field").Resolve(craps.Bet{}, craps.State{}.Roll(d)); got.Outcome == craps.Win && got.Line != want {
			t.Errorf("field pays line %d for %v", got.Line, d)
		}
	}
}
