package simulate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/craps/simulate"
)

func throw(t *testing.T, dice simulate.Dice, n int) []craps.Dice {
	t.Helper()
	rolls := make([]craps.Dice, n)
	for i := range rolls {
		var err error
		if rolls[i], err = dice.Next(); err != nil {
			t.Fatal(err)
		}
	}
	return rolls
}

func TestSeedReproducesRolls(t *testing.T) {
	first, again, other := throw(t, simulate.Seeded(7), 1000), throw(t, simulate.Seeded(7), 1000), throw(t, simulate.Seeded(8), 1000)
	if !slices.Equal(first, again) {
		t.Error("the same seed rolls other dice")
	}
	if slices.Equal(first, other) {
		t.Error("another seed rolls the same dice")
	}
}

// TestSeededDiceAreFair requires Pearson's chi-squared of the 36 outcomes to be below 66.6, which fair dice exceed for one in a thousand
// seeds.
func TestSeededDiceAreFair(t *testing.T) {
	const n = 3_600_000
	counts := map[craps.Dice]float64{}
	for _, dice := range throw(t, simulate.Seeded(1), n) {
		counts[dice]++
	}
	if len(counts) != 36 {
		t.Fatalf("%d outcomes", len(counts))
	}
	chiSquared := 0.0
	for _, count := range counts {
		chiSquared += (count - n/36) * (count - n/36) / (n / 36)
	}
	if chiSquared > 66.6 {
		t.Errorf("chi-squared of 35 degrees of freedom is %.1f", chiSquared)
	}
}

func TestRecordedRollsAreRead(t *testing.T) {
	got, err := simulate.ReadDice(strings.NewReader("1 6\n\n  3\t4  \r\n5 5"))
	if want := []craps.Dice{{First: 1, Second: 6}, {First: 3, Second: 4}, {First: 5, Second: 5}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

func TestMalformedRollsAreRefusedByLine(t *testing.T) {
	for text, want := range map[string]string{
		"1 6\n3": `line 2: a roll is two numbers, such as 3 5, not "3"`, "1 2 3": `line 1: a roll is two numbers, such as 3 5, not "1 2 3"`,
		"1 7": `line 1: a die shows 1 to 6, not "7"`, "0 1": `line 1: a die shows 1 to 6, not "0"`, "\n\nx 1": `line 3: a die shows 1 to 6, not "x"`,
		"12 1": `line 1: a die shows 1 to 6, not "12"`, "1 -1": `line 1: a die shows 1 to 6, not "-1"`, "1,2": `line 1: a roll is two numbers, such as 3 5, not "1,2"`,
	} {
		if _, err := simulate.ReadDice(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
