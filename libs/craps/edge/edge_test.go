package edge_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/craps/edge"
)

// published are the edges of the wagers in the literature on casino games, in percent to three places, and as fractions if those fit
// on a line.
var published = []struct {
	percent float64
	exact   string
	names   []string
}{
	{1.414, "7/495", []string{"pass_line", "come"}},
	{1.364, "3/220", []string{"dont_pass", "dont_come"}},
	{0, "0", []string{"odds_pass", "odds_dont_pass", "odds_come", "odds_dont_come"}},
	{5.556, "1/18", []string{"field", "muggsy"}},
	{4.762, "1/21", []string{"yes_2", "yes_3", "yes_4", "yes_5", "yes_6", "yes_8", "yes_9", "yes_10", "yes_11", "yes_12"}},
	{0.826, "1/121", []string{"no_2", "no_12"}},
	{1.639, "1/61", []string{"no_3", "no_11"}},
	{2.439, "1/41", []string{"no_4", "no_10"}},
	{3.226, "1/31", []string{"no_5", "no_9"}},
	{4, "1/25", []string{"no_6", "no_8", "place_5", "place_9"}},
	{6.667, "1/15", []string{"place_4", "place_10"}},
	{1.515, "1/66", []string{"place_6", "place_8"}},
	{11.111, "1/9", []string{"hard_4", "hard_10", "next_3", "next_5", "next_9", "next_11", "any_craps"}},
	{9.091, "1/11", []string{"hard_6", "hard_8"}},
	{13.889, "5/36", []string{"next_2", "next_12"}},
	{12.5, "1/8", []string{"next_4", "next_10"}},
	{12.037, "13/108", []string{"next_6", "next_8"}},
	{16.667, "1/6", []string{"next_7"}},
	{7.5, "1265856433/16877460600", []string{"hot_roller"}},
	{20.763, "", []string{"fire"}},
	{16.317, "48390421/296563456", []string{"twice_hard"}},
	{10.213, "36422566465005061353/356639588263750000000", []string{"ride_line"}},
	{18.303, "139241/760760", []string{"bonus_small", "bonus_tall"}},
	{20.609, "4959941501491/24067258815600", []string{"bonus_all"}},
	{24.806, "", []string{"replay"}},
	{27.922, "43/154", []string{"different_doubles"}},
	{18.367, "9/49", []string{"repeater_2", "repeater_12"}},
	{21.875, "7/32", []string{"repeater_3", "repeater_11"}},
	{19.753, "16/81", []string{"repeater_4", "repeater_10"}},
	{18.08, "113/625", []string{"repeater_5", "repeater_9"}},
	{20.621, "365311/1771561", []string{"repeater_6", "repeater_8"}},
}

func percent(exact *big.Rat) float64 {
	share, _ := exact.Float64()
	return 100 * share
}

func TestEdgesMatchPublishedOnes(t *testing.T) {
	found := 0
	for _, tc := range published {
		for _, name := range tc.names {
			found++
			got := edge.Table()[craps.ByName(name).Code]
			if tc.exact != "" && got.RatString() != tc.exact {
				t.Errorf("%s: edge %s, want %s", name, got.RatString(), tc.exact)
			}
			if math.Abs(percent(got)-tc.percent) > 0.0005 {
				t.Errorf("%s: edge %.4f %%, want %.3f %%", name, percent(got), tc.percent)
			}
		}
	}
	if found != len(craps.Wagers()) || found != len(edge.Table()) {
		t.Errorf("%d wagers have published edges, %d are in the table, and there are %d", found, len(edge.Table()), len(craps.Wagers()))
	}
}

// states returns states of all kinds between two rolls: every point of a new hand, then a hand with a come-out 7, which clears what was
// rolled since the last 7 but not the hand, and a new hand after it.
func states() []craps.State {
	out := []craps.State{{}}
	for _, point := range craps.Points {
		out = append(out, craps.State{}.Roll(craps.Dice{First: min(point-1, 5), Second: point - min(point-1, 5)}).After)
	}
	long := craps.State{}
	for _, d := range []craps.Dice{{First: 2, Second: 2}, {First: 1, Second: 3}, {First: 6, Second: 6}, {First: 3, Second: 4}, {First: 4, Second: 5}, {First: 2, Second: 5}} {
		long = long.Roll(d).After
		out = append(out, long)
	}
	return out
}

func TestEdgeDoesNotDependOnStateOfPlacement(t *testing.T) {
	for _, w := range craps.Wagers() {
		want, numbers, open := edge.Table()[w.Code], []uint8{0}, 0
		if w.Behind != nil {
			numbers = craps.Points[:]
		}
		for _, state := range states() {
			for _, number := range numbers { // A line bet's odds stand on the point.
				if !w.Place.Open(state) || w.Behind != nil && w.Behind.Place == craps.OnComeOut && number != state.Point {
					continue
				}
				open++
				if got := edge.At(w, number, state); got.Cmp(want) != 0 {
					t.Errorf("%s on %d in %+v: edge %s, want %s", w.Name, number, state, got.RatString(), want.RatString())
				}
			}
		}
		if open == 0 {
			t.Errorf("%s can't be placed in any state", w.Name)
		}
	}
}

// TestEdgeFollowsPayTable computes the edges of other published pay tables.
func TestEdgeFollowsPayTable(t *testing.T) {
	for _, tc := range []struct {
		name string
		pays []int64 // Profits by line, instead of the wager's own.
		want float64
	}{
		{"twice_hard", []int64{6}, 60.948}, {"fire", []int64{10, 200, 2000}, 24.86},
		{"hot_roller", []int64{5, 10, 20, 50, 100}, 11.62}, {"hot_roller", []int64{5, 10, 20, 50, 300}, 3.38},
		{"bonus_small", []int64{34}, 7.76}, {"bonus_all", []int64{175}, 7.46}, {"bonus_tall", []int64{29}, 20.94}, {"bonus_all", []int64{149}, 21.13},
		{"repeater_2", []int64{40}, 16.33}, {"repeater_3", []int64{50}, 20.31}, {"repeater_6", []int64{90}, 19.74},
		{"pass_line", []int64{2}, -47.879},
	} {
		w := *craps.ByName(tc.name)
		w.Pays = append([]craps.Pay(nil), w.Pays...)
		for line, to := range tc.pays {
			w.Pays[line].To = to
		}
		if got := percent(edge.Of(&w)); math.Abs(got-tc.want) > 0.005 {
			t.Errorf("%s at %v: edge %.3f %%, want %.2f %%", tc.name, tc.pays, got, tc.want)
		}
	}
}

func TestCommissionIsTheWholeEdgeOfTrueOdds(t *testing.T) {
	for _, w := range craps.Wagers() {
		if w.Commission == craps.None {
			continue
		}
		free := *w
		free.Commission = craps.None
		if got := edge.Of(&free); got.Sign() != 0 {
			t.Errorf("%s without commission: edge %s", w.Name, got.RatString())
		}
	}
}
