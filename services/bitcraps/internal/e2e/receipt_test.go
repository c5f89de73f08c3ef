package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/receipt"
)

// record is the folder to write a receipt and the facts to verify it with to, for the tests of libs/receipt and for other
// implementations: go test ./services/bitcraps/internal/e2e -run TestReceiptsProve -args -record libs/receipt/testdata
var record = flag.String("record", "", "folder for receipt.json and fairness.json")

// maxReceipt is the maximum size of a receipt for ten bets with four validators, in bytes.
const maxReceipt = 10_000

// TestReceiptsProveEveryRound plays two hands with two players and verifies the receipts of each round for both, offline.
func TestReceiptsProveEveryRound(t *testing.T) { forEachTarget(t, receiptsProveEveryRound) }

func receiptsProveEveryRound(t *testing.T, tg *target) {
	alice, bob := newClient(t, tg.url()), newClient(t, tg.url())
	facts := []byte(alice.must(200, "GET", "/api/v1/fairness", nil).text)
	trust, err := receipt.ParseTrust(facts)
	if err != nil {
		t.Fatal(err)
	}
	game := alice.newGame()
	bob.must(200, "POST", game+"/join", nil)
	aliceID, proven := alice.must(200, "GET", "/api/v1/players/me", nil).str("player_id"), map[*client]*receipt.Sequence{}
	for _, player := range []*client{alice, bob} {
		proven[player] = &receipt.Sequence{Game: strings.TrimPrefix(game, "/api/v1/games/")}
	}
	for hand := int64(1); hand < 3; {
		alice.bet(game, "pass_line", 10) // Refusals don't matter: the bet is already live, or not allowed in this phase.
		for _, wager := range []string{"dont_pass", "come", "place_6", "hard_8", "bonus_small"} {
			alice.do("POST", game+"/bets", map[string]any{"bet_type": wager, "amount": 12, "client_seed": "<" + wager + ">"})
		}
		bob.bet(game, "no_4", 40)
		bob.bet(game, "pass_line", 10)
		shooter := alice
		if alice.must(200, "GET", game, nil).str("shooter_id") == bob.must(200, "GET", "/api/v1/players/me", nil).str("player_id") {
			shooter = bob
		}
		rolled := shooter.must(200, "POST", game+"/roll", nil)
		path := fmt.Sprintf("%s/rounds/%d/receipt", game, rolled.num("round"))
		for _, player := range []*client{alice, bob} {
			answer := player.must(200, "GET", path, nil)
			report := proven[player].Add([]byte(answer.text), trust)
			if err := report.Err(); err != nil || len(report) != 15 {
				t.Fatalf("%s: %v\n%s", path, err, answer.text)
			}
			bets, own := answer.list("bets"), 0
			for _, bet := range bets {
				if bet["player_id"] == aliceID {
					own++
				}
			}
			if len(bets) <= 10 && len(answer.text) > maxReceipt {
				t.Errorf("a receipt for %d bets has %d bytes", len(bets), len(answer.text))
			}
			if answer.num("balance_after") != player.balance() {
				t.Errorf("the balance is %d in the receipt, %d in the wallet", answer.num("balance_after"), player.balance())
			}
			if *record != "" && own == 5 && player == alice {
				write(t, "receipt.json", []byte(answer.text))
				write(t, "fairness.json", facts)
			}
		}
		hand = alice.must(200, "GET", game, nil).num("hand")
	}
	for _, rounds := range proven {
		if step := rounds.Check(); step.Err != nil || strings.Contains(step.Found, "not among them") {
			t.Errorf("%s: %s, %v", step.Name, step.Found, step.Err)
		}
	}
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(*record, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReceiptsRequireABet(t *testing.T) { forEachTarget(t, receiptsRequireABet) }

func receiptsRequireABet(t *testing.T, tg *target) {
	alice, eve := newClient(t, tg.url()), newClient(t, tg.url())
	game := alice.newGame()
	alice.bet(game, "pass_line", 10)
	alice.must(200, "POST", game+"/roll", nil)
	for name, tc := range map[string]struct {
		as     *client
		path   string
		status int
		reason string
	}{
		"somebody else":   {eve, game + "/rounds/1/receipt", 404, "RECEIPT_NOT_FOUND"},
		"a future round":  {alice, game + "/rounds/2/receipt", 404, "ROUND_NOT_FOUND"},
		"an unknown game": {alice, "/api/v1/games/00000000-0000-7000-8000-000000000000/rounds/1/receipt", 404, "GAME_NOT_FOUND"},
		"no number":       {alice, game + "/rounds/x/receipt", 400, "INVALID_FIELD"},
	} {
		if resp := tc.as.do("GET", tc.path, nil); resp.status != tc.status || resp.reason() != tc.reason {
			t.Errorf("%s: %d %s", name, resp.status, resp.text)
		}
	}
}

// TestVerifyCommand runs the command as a player would.
func TestVerifyCommand(t *testing.T) { forEachTarget(t, verifyCommand) }

func verifyCommand(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	game := c.newGame()
	c.bet(game, "pass_line", 10)
	c.must(200, "POST", game+"/roll", nil)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := c.must(200, "GET", game+"/rounds/1/receipt", nil).text
	facts := c.must(200, "GET", "/api/v1/fairness", nil).text
	good, trust := file("receipt.json", text), file("fairness.json", facts)
	// Without a pinned key: the receipt itself proves the key of the beacon.
	keyless := file("keyless.json", regexp.MustCompile(`"group_key":"[0-9a-f]+"`).ReplaceAllString(facts, `"group_key":""`))
	bad := file("bad.json", strings.Replace(text, `"balance_after":`, `"balance_after":9`, 1))
	for name, tc := range map[string]struct {
		args []string
		ok   bool
		says string
	}{
		"a good one":         {[]string{"verify", good, "--trust", trust}, true, "ok      balance"},
		"with no key pinned": {[]string{"verify", good, "--trust", keyless}, true, "ok      group_key   the validators put it on the chain"},
		"without trust":      {[]string{"verify", good}, true, "not pinned"},
		"as JSON":            {[]string{"verify", good, "--trust", trust, "--json"}, true, `{"step":"dice","ok":true,`},
		"a changed one":      {[]string{"verify", bad, "--trust", trust}, false, "FAILED  balance"},
		"no receipt":         {[]string{"verify", trust, "--trust", trust}, false, "FAILED  format"},
		"an invalid trust":   {[]string{"verify", good, "--trust", good}, false, ""},
		"a missing file":     {[]string{"verify", filepath.Join(dir, "nothing")}, false, ""},
	} {
		if out, err := run(tc.args...); (err == nil) != tc.ok || !strings.Contains(out, tc.says) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
