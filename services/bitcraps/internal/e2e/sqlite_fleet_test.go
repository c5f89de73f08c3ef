package e2e_test

import (
	"os"
	"path/filepath"
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
}
