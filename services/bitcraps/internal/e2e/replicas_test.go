package e2e_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
)

// TestReplicaCrashes kills processes of a fleet while players are at each of its gateways. Where another replica is left, no
// player notices more than a slower answer, and those at a gateway that is killed repeat one call at the other one; where none is,
// they repeat what they asked until it is back.
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
		tg.signalProcess(t, "postgres", syscall.SIGQUIT) // At once and without a checkpoint, as by a crash.
		heal("postgres")
		newClient(t, tg.url()).newGame() // By a guest who comes, so api has its store again too.
	}
	players.killAndCheck(tg, "gateway-1") // The last one: its players are at the other gateway from then on.
	heal("gateway-1")
	players.stopAndCheck()
	auditDatabase(t, tg.databases[identity.Game])
}

// killAndCheck kills a process, and has play go on where another replica is left. Then no call fails but those that were made at it, once
// for each player.
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
