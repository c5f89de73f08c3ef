package lab_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/services/game/internal/lab"
)

var options = lab.Options{Balance: 1000, Bankroll: 1_000_000, MinBet: 1, MaxBet: 500}

// TestRunPrintsEvents compares a whole run with testdata/hand.jsonl, which was checked by hand against the rules.
func TestRunPrintsEvents(t *testing.T) {
	script, err := os.Open("testdata/hand.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = script.Close() }()
	want, err := os.ReadFile("testdata/hand.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	refused, err := lab.Run(script, &out, options)
	if err != nil || refused != 5 {
		t.Errorf("%d refused, %v", refused, err)
	}
	got, lines := strings.Split(out.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(lines)) {
		if i >= len(got) || i >= len(lines) || got[i] != lines[i] {
			t.Fatalf("line %d:\n%s\nwant\n%s", i+1, strings.Join(got[i:], "\n"), strings.Join(lines[i:], "\n"))
		}
	}
}

func TestSyntaxErrorsEndTheRun(t *testing.T) {
	for script, want := range map[string]string{
		"pass_line 10\nroll 7 1":  `line 2: roll: "7" is not a whole number from 1 to 6; want: roll DIE DIE`,
		"roll 1":                  "line 1: roll: too few or too many words; want: roll DIE DIE",
		"alice:":                  "line 1: alice: a command must follow the colon",
		"player":                  "line 1: want: player NAME",
		"field ten":               `line 1: bet: "ten" is not a whole number`,
		"working hard_6 maybe":    `line 1: working: "maybe" is neither on nor off`,
		strings.Repeat("x", 5000): "line 1: bufio.Scanner: token too long",
	} {
		_, err := lab.Run(strings.NewReader(script), &bytes.Buffer{}, options)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", script, err, want)
		}
	}
}

func TestRefusedCommandsChangeNothing(t *testing.T) {
	for command, reason := range map[string]string{
		"lucky_socks 10": "WAGER_UNKNOWN", "field 0": "INVALID_FIELD", "field -5": "INVALID_FIELD", "field 501": "AMOUNT_OUT_OF_LIMITS",
		"place_6 10": "AMOUNT_NOT_MULTIPLE", "come 10": "WRONG_PHASE", "odds_come 10": "NUMBER_INVALID", "odds_come 10 6": "FLAT_BET_REQUIRED",
		"field 10 6": "NUMBER_INVALID", "field 10 working": "WORKING_NOT_APPLICABLE", "remove field": "BET_NOT_FOUND", "pass": "NO_OTHER_SHOOTER",
	} {
		var out bytes.Buffer
		refused, err := lab.Run(strings.NewReader(command), &out, options)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		var last struct {
			Event, Reason, Message string
			Balance                int64
		}
		if err != nil || refused != 1 || json.Unmarshal([]byte(lines[len(lines)-1]), &last) != nil ||
			last.Event != "refused" || last.Reason != reason || last.Balance != 1000 || last.Message == "" {
			t.Errorf("%s: %v, %s", command, err, lines[len(lines)-1])
		}
	}
}

func FuzzScript(f *testing.F) {
	f.Add("player a\npass_line 10\nb: fire 5\nroll 3 4\nremove fire\nworking hard_6 on")
	f.Fuzz(func(t *testing.T, script string) {
		var out bytes.Buffer
		_, _ = lab.Run(strings.NewReader(script), &out, options)
		for line := range strings.Lines(out.String()) {
			if !json.Valid([]byte(line)) {
				t.Fatalf("%q is not JSON", line)
			}
		}
	})
}
