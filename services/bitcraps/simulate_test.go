package bitcraps_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/services/bitcraps"
)

// simulate runs the command. Its output is not a terminal, so there is no progress bar.
func simulate(ctx context.Context, t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := bitcraps.Command()
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SetArgs(append([]string{"simulate"}, args...))
	err = cmd.ExecuteContext(ctx)
	if stderr.Len() > 0 {
		t.Errorf("%v prints %q on standard error", args, stderr.String())
	}
	return stdout.String(), err
}

func diceFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dice.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSimulateTable(t *testing.T) {
	path := diceFile(t, "3 4\n4 4\n3 4\n6 6\n")
	got, err := simulate(t.Context(), t, "--wager", "pass_line", "--wager", "field", "--wager", "pass", "--dice-file", path)
	want := "dice of " + path + `

      wager  rolls  bets       won   pushed  staked  commission  returned      edge   ± (95 %)  exact edge  as a fraction      z
  pass_line      4     3  33.333 %  0.000 %       3           0         2  33.333 %  130.667 %     1.414 %          7/495  +0.48
      field      4     4  25.000 %  0.000 %       4           0         3  25.000 %  147.000 %     5.556 %           1/18  +0.26

wager  wins on          pays    times  of bets
field  2, 12            2 to 1  1      25.000 %
field  3, 4, 9, 10, 11  1 to 1  0      0.000 %
`
	if err != nil || got != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
}

func TestSimulateIsRepeatableBySeed(t *testing.T) {
	first, err := simulate(t.Context(), t, "--wager", "odds_come", "--rolls", "10_000")
	if err != nil {
		t.Fatal(err)
	}
	seed := strings.Fields(first)[1]
	again, err := simulate(t.Context(), t, "--wager", "odds_come", "--rolls", "10000", "--seed", seed)
	if err != nil || again != first {
		t.Errorf("%v\n%s\nwant\n%s", err, again, first)
	}
}

func TestSimulateJSON(t *testing.T) {
	out, err := simulate(t.Context(), t, "--wager", "all", "--rolls", "2000", "--seed", "5", "--json")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 71 {
		t.Fatalf("%d lines", len(lines))
	}
	for code, line := range lines {
		var got struct {
			Wager     string
			Code      int
			Seed      uint64
			Rolls     int64
			Decided   int64 `json:"bets_decided"`
			Wins      []struct{ Times int64 }
			Losses    int64
			Pushes    int64
			Exact     string   `json:"exact_edge_fraction"`
			ExactEdge *float64 `json:"exact_edge"`
			Edge      *float64
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		closed := got.Losses + got.Pushes
		for _, win := range got.Wins {
			closed += win.Times
		}
		if got.Code != code || got.Seed != 5 || got.Rolls != 2000 || got.Decided != closed || got.Exact == "" || got.ExactEdge == nil || got.Edge == nil {
			t.Errorf("%s", line)
		}
	}
}

func TestSimulateWithoutBets(t *testing.T) {
	path := diceFile(t, "4 4\n")
	out, err := simulate(t.Context(), t, "--wager", "pass_line", "--dice-file", path, "--json")
	if err != nil || !strings.Contains(out, `"edge":null,"standard_error":null`) || !strings.Contains(out, `"exact_edge_fraction":"7/495"`) {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := simulate(t.Context(), t, "--wager", "pass_line", "--dice-file", path); err != nil || strings.Contains(out, "NaN") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestSimulateUsageErrors(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string
	}{
		{nil, `required flag(s) "wager" not set`},
		{[]string{"--wager", "hard_five"}, "--wager hard_five: there is no such wager; the closest are hard_4, "},
		{[]string{"--wager", "any_sevn"}, "the closest are next_7, "},
		{[]string{"--wager", "field", "--rolls", "0"}, "--rolls 0: at least one roll is needed"},
		{[]string{"--wager", "field", "--rolls", "-5"}, "--rolls -5: at least one roll is needed"},
		{[]string{"--wager", "field", "--rolls", "many"}, "invalid argument \"many\" for \"--rolls\""},
		{[]string{"--wager", "field", "--dice-file", "nowhere.txt"}, "--dice-file nowhere.txt: no such file"},
		{[]string{"--wager", "field", "--dice-file", diceFile(t, "1 2\n1 7\n")}, "line 2: a die shows 1 to 6, not \"7\""},
		{[]string{"--wager", "field", "--dice-file", diceFile(t, "")}, "it has no rolls"},
		{[]string{"--wager", "field", "--rolls", "3", "--dice-file", diceFile(t, "1 2\n3 3\n")}, "it has 2 rolls, and --rolls asks for 3"},
		{[]string{"--wager", "field", "--seed", "3", "--dice-file", diceFile(t, "1 2\n")}, "[dice-file seed] were all set"},
		{[]string{"field"}, "unknown command \"field\""},
	} {
		if out, err := simulate(t.Context(), t, tc.args...); err == nil || !strings.Contains(err.Error(), tc.want) || out != "" {
			t.Errorf("%v: %v and %q, want %s", tc.args, err, out, tc.want)
		}
	}
}

func TestSimulateStopsWhenItIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out, err := simulate(ctx, t, "--wager", "field", "--rolls", "9_000_000_000_000_000")
	if err == nil || !strings.Contains(err.Error(), "stopped") || !strings.Contains(out, "field") {
		t.Errorf("%v: %s", err, out)
	}
}
