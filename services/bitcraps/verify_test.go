package bitcraps_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goldens = "../../libs/receipt/testdata/"

// TestVerifyReceipts runs the command on genuine and on forged receipts.
func TestVerifyReceipts(t *testing.T) {
	text, err := os.ReadFile(goldens + "receipt.json")
	if err != nil {
		t.Fatal(err)
	}
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	forged := file("forged.json", strings.Replace(string(text), `"game_id":"`, `"game_id":"x\nok      balance     the wallet went from 1 to 2\u001b[8m`, 1))
	unknown := file("unknown.json", strings.Replace(string(text), `"game_id"`, "\"game\u009b\\n\"", 1))
	pinned := " --trust " + goldens + "fairness.json"
	for name, tc := range map[string]struct {
		args  string
		lines int
		fails string
		says  string
	}{
		"one":                       {goldens + "receipt.json" + pinned, 15, "", "\nok      balance     the wallet went from "},
		"one with terminal codes":   {forged + pinned, 1, "the receipt does not hold: format: game_id: ", `x\nok `},
		"one with an unknown field": {unknown + pinned, 1, "the receipt does not hold: format: not a receipt", `game\u009b`},
		"one twice":                 {goldens + "receipt.json " + goldens + "receipt.json" + pinned, 33, "the receipts do not follow from one another: sequence: round ", "\nFAILED  sequence    round "},
		"one forged":                {goldens + "receipt.json " + forged + pinned, 18, "the receipt does not hold: format: game_id: ", "\n" + forged + "\nFAILED  format "},
		"of two chains":             {goldens + "receipt.json " + goldens + "lineage.json", 33, "the receipts do not follow", ": chain_id: is not that of round"},
		"of a game":                 {goldens + "game/3.json " + goldens + "game/1.json " + goldens + "game/2.json --trust " + goldens + "game/fairness.json", 49, "", "\nok      sequence    3 rounds, up to round 3; "},
		"of the game":               {goldens + "receipt.json --game 01a22de1-9ca6-7824-a866-66f34510c586" + pinned, 15, "", "\nok      game        the receipt is for round "},
		"of another game":           {goldens + "receipt.json --game 01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4" + pinned, 3, "the receipt does not hold: game: game_id: ", "; you bet in 01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4\n"},
		"of an unset variable":      {goldens + "receipt.json --game=" + pinned, 0, "--game: is empty", ""},
		"JSON":                      {"--json " + goldens + "receipt.json " + goldens + "receipt.json" + pinned, 31, "the receipts do not", `{"step":"sequence","ok":false,"text":"round `},
	} {
		out, err := command(t, "verify "+tc.args)
		if (err == nil) != (tc.fails == "") || err != nil && !strings.HasPrefix(err.Error(), tc.fails) || !strings.Contains(out, tc.says) || strings.Count(out, "\n") != tc.lines {
			t.Errorf("%s: %v, want %s\n%s", name, err, tc.fails, out)
		}
		if err != nil && strings.ContainsAny(err.Error()+out, "\x1b\u009b") || err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: a terminal gets %q and %q", name, out, err)
		}
		for line := range strings.Lines(out) {
			if strings.HasPrefix(tc.args, "--json") && !json.Valid([]byte(line)) {
				t.Errorf("%s: %s is not JSON", name, line)
			}
		}
	}
}
