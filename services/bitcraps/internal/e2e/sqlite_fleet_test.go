package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
)

// TestFleetOnSQLite starts a fleet without PostgreSQL and Redis, as `make fleet-up DB=sqlite` does, plays through both gateways and
// stops it. All other tests of fleets use PostgreSQL.
func TestFleetOnSQLite(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds five binaries")
	}
	c := fleetCLI{t, fleetDir(t)}
	t.Cleanup(func() { _, _, _ = c.run("down") })
	started, states := c.up("--database", fleet.SQLite)
	if want := 8; len(started) != want || len(states) != want { // Two gateways, api, one game and four validators.
		t.Errorf("started %v", started)
	}
	if ignored, err := os.ReadFile(filepath.Join(c.dir, ".gitignore")); err != nil || string(ignored) != "*\n" {
		t.Errorf(".gitignore of a folder with keys is %q, %v", ignored, err)
	}
	player := newClient(t, states["gateway-0"].Address)
	game := player.newGame()
	player.must(201, "POST", game+"/bets", map[string]any{"bet_type": "pass_line", "amount": 10})
	keepSession(player, states["gateway-1"].Address)
	if rolled := player.must(200, "POST", game+"/roll", nil); rolled.num("round") != 1 {
		t.Errorf("the roll is %s", rolled.text)
	}
	if bets := player.must(200, "GET", game+"/bets", nil).list("bets"); len(bets) != 1 {
		t.Errorf("the bets are %v", bets)
	}
	if out, messages, err := c.run("down"); err != nil {
		t.Errorf("fleet down: %v\n%s%s", err, out, messages)
	}
	auditDatabase(t, fleet.SQLite+"://"+filepath.Join(c.dir, "game.db"))
	c.checkLostData()
}

// checkLostData starts a stopped fleet on SQLite on another engine, and without each part of its data, which must not be replaced by an
// empty one, and at last with all of its data and the options that it had.
func (c fleetCLI) checkLostData() {
	c.t.Helper()
	if out, messages, err := c.run("up", "--database", fleet.PostgreSQL); err == nil || !strings.Contains(messages, "give --database sqlite") {
		c.t.Errorf("up on another engine: %v\n%s%s", err, out, messages)
	}
	for part, want := range map[string]string{
		"game.db":           "game.db, the ledger of the players in ",
		"api.db":            "api.db, the players of the ledger, is missing",
		"chain":             "chain, the folder of the chain that decided ",
		"chain/validator-0": "validator-0: no such file or directory; restore the latest state",
	} {
		path, kept := filepath.Join(c.dir, part), filepath.Join(c.dir, "kept")
		if err := os.Rename(path, kept); err != nil {
			c.t.Fatal(err)
		}
		if out, messages, err := c.run("up"); err == nil || !strings.Contains(messages, want) {
			c.t.Errorf("up without %s: %v, want %q\n%s%s", part, err, want, out, messages)
		}
		if _, err := os.Stat(path); err == nil {
			c.t.Errorf("up without %s created another one", part)
		}
		if err := os.Rename(kept, path); err != nil {
			c.t.Fatal(err)
		}
	}
	if out, messages, err := c.run("up"); err != nil || strings.Count(out, `"`+fleet.Ready+`"`) != 8 {
		c.t.Errorf("up with everything: %v\n%s%s", err, out, messages)
	}
}
