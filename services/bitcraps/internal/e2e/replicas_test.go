package e2e_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
)

// TestReplicaCrashes kills processes of a fleet while players are at each of its gateways. Where another replica is left, players only
// notice a slower answer, and players at a killed gateway repeat one call at the other one. Where none is left, they repeat calls until
// the process is back.
func TestReplicaCrashes(t *testing.T) {
	tg := ownFleet(t)
	players := newPlayerPool(t, tg)
	heal := func(name string) {
		t.Helper()
		if err := tg.heal(); err != nil {
			t.Fatal(err)
		}
		players.waitForRounds("with " + name + " back")
	}
	players.waitForRounds("before anything happened")
	for _, name := range []string{"consensus-3", "game-0"} {
		players.killAndCheck(tg, name)
		heal(name)
	}
	if *engine == fleet.PostgreSQL {
		tg.signalProcess(t, "postgres", syscall.SIGQUIT) // Immediate shutdown without a checkpoint, as in a crash.
		heal("postgres")
		newClient(t, tg.url()).newGame() // Creates a guest, so api has its store again too.
	}
	players.killAndCheck(tg, "gateway-1") // Last, since its players stay at the other gateway.
	heal("gateway-1")
	players.stopAndCheck()
	auditDatabase(t, tg.databases[identity.Game])
}

// killAndCheck kills a process and, where another replica is left, checks that play continues: at most one call of each player of a killed
// gateway fails, and no other call.
func (c *playerPool) killAndCheck(tg *target, name string) {
	c.t.Helper()
	before := c.refusedCounts()
	tg.kill(c.t, name)
	service, _, _ := strings.Cut(name, "-")
	if _, others := tg.states[service+"-1"]; !others {
		return
	}
	c.waitForRounds("without " + name)
	for i, after := range c.refusedCounts() {
		allowed := int64(0)
		if c.players[i].home == tg.states[name].Address {
			allowed = 1
		}
		if n := after - before[i]; n > allowed {
			c.t.Errorf("%d calls of a player were refused when %s died, %d may be", n, name, allowed)
		}
	}
}
