package craps_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// canonical are the 64 wagers that have the same codes in every implementation, in the order of the codes, followed by the seven of our
// own.
const canonical = `pass_line dont_pass come dont_come field yes_2 yes_3 yes_4 yes_5 yes_6 yes_8 yes_9 yes_10 yes_11 yes_12
no_2 no_3 no_4 no_5 no_6 no_8 no_9 no_10 no_11 no_12 hard_4 hard_6 hard_8 hard_10
odds_pass odds_dont_pass odds_come odds_dont_come hot_roller fire twice_hard ride_line muggsy bonus_small bonus_tall bonus_all
replay different_doubles next_2 next_3 next_4 next_5 next_6 next_7 next_8 next_9 next_10 next_11 next_12
repeater_2 repeater_3 repeater_4 repeater_5 repeater_6 repeater_8 repeater_9 repeater_10 repeater_11 repeater_12
place_4 place_5 place_6 place_8 place_9 place_10 any_craps`

func TestCodesAreCanonical(t *testing.T) {
	names := strings.Fields(canonical)
	if len(names) != 71 || len(craps.Wagers()) != len(names) {
		t.Fatalf("%d wagers, %d names", len(craps.Wagers()), len(names))
	}
	for code, name := range names {
		w := craps.ByCode(uint16(code))
		if w == nil || w.Name != name || craps.Wagers()[code] != w || craps.ByName(name) != w {
			t.Errorf("code %d is not %s", code, name)
		}
	}
	if craps.ByCode(71) != nil || craps.ByName("hard_5") != nil || craps.ByName("") != nil {
		t.Error("a wager was found that does not exist")
	}
}

func TestEveryAliasNamesItsWager(t *testing.T) {
	want := map[string]string{
		"pass": "pass_line", "passline": "pass_line", "dontpass": "dont_pass", "dontcome": "dont_come",
		"pass_odds": "odds_pass", "dont_pass_odds": "odds_dont_pass", "come_odds": "odds_come", "dont_come_odds": "odds_dont_come",
		"ace": "next_2", "aces": "next_2", "snake_eyes": "next_2", "ace_deuce": "next_3", "any_7": "next_7", "any_seven": "next_7", "any7": "next_7",
		"eleven": "next_11", "yo": "next_11", "twelve": "next_12", "boxcars": "next_12",
	}
	for _, number := range []string{"4", "6", "8", "10"} {
		want["hardway_"+number], want["hard_way_"+number] = "hard_"+number, "hard_"+number
	}
	for _, number := range []string{"2", "3", "4", "5", "6", "8", "9", "10", "11", "12"} {
		want["buy_"+number], want["lay_"+number] = "yes_"+number, "no_"+number
	}
	found := 0
	for alias, name := range want {
		if w := craps.ByName(alias); w == nil || w.Name != name || !slices.Contains(w.Aliases, alias) {
			t.Errorf("%s does not name %s", alias, name)
		}
	}
	for _, w := range craps.Wagers() {
		found += len(w.Aliases)
	}
	if found != len(want) {
		t.Errorf("there are %d aliases, %d of them tested", found, len(want))
	}
}

func TestDefinitionsAreComplete(t *testing.T) {
	names := map[string]bool{}
	for _, w := range craps.Wagers() {
		if w.Title == "" || w.Rule == "" || w.Place == "" || w.Lock == "" || len(w.Pays) == 0 || w.Resolve == nil {
			t.Errorf("%s is incomplete", w.Name)
		}
		for _, pay := range w.Pays {
			if pay.On == "" || pay.To <= 0 || pay.Per <= 0 {
				t.Errorf("%s has the pay line %+v", w.Name, pay)
			}
		}
		if (w.Behind != nil) != (w.Place == craps.WithFlat) || w.Behind != nil && len(w.MaxOdds) != len(w.Pays) {
			t.Errorf("%s: odds need a flat bet and a limit for each line", w.Name)
		}
		for _, name := range append([]string{w.Name}, w.Aliases...) {
			if names[name] {
				t.Errorf("%s: %q names another wager too", w.Name, name)
			}
			names[name] = true
		}
	}
}

func TestBetsSettleInOrder(t *testing.T) {
	for _, w := range craps.Wagers() {
		want := craps.Numbers
		switch w.Name {
		case "pass_line", "dont_pass", "odds_pass", "odds_dont_pass":
			want = craps.Line
		case "come", "dont_come":
			want = craps.Pending
			if got := w.Stage(craps.Bet{Number: 4}); got != craps.Established {
				t.Errorf("%s on a number settles at stage %d", w.Name, got)
			}
		case "odds_come", "odds_dont_come":
			want = craps.Established
		default:
			if w.Code >= 33 && w.Code <= 42 || w.Code >= 54 && w.Code <= 63 {
				want = craps.Side
			}
		}
		if got := w.Stage(craps.Bet{}); got != want {
			t.Errorf("%s settles at stage %d, want %d", w.Name, got, want)
		}
	}
}

func TestOutcomesHaveNames(t *testing.T) {
	for outcome, want := range map[craps.Outcome]string{craps.Stay: "stay", craps.Win: "win", craps.Lose: "lose", craps.Push: "push", craps.Travel: "travel"} {
		if outcome.String() != want {
			t.Errorf("%d is called %q, want %q", outcome, outcome, want)
		}
	}
}
