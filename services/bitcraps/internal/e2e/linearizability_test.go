package e2e_test

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
)

// TestWalletsAreLinearizable has several clients act for the same players concurrently while the platform is killed and restarted: the
// whole process, or one after the other each process of a fleet that answers for wallets. Two games of a fleet cache the same wallets.
func TestWalletsAreLinearizable(t *testing.T) {
	t.Run("one process", func(t *testing.T) {
		program, dir := binaryPath(t, "bitcraps"), filepath.Join(t.TempDir(), "data")
		address := testserver.FreeAddress(t)
		p := startProcess(t, program, dir, "--http-addr", address)
		kill := func() {
			if err := p.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = p.cmd.Wait()
		}
		restart := func() {
			kill()
			p = startProcess(t, program, dir, "--http-addr", address)
		}
		checkLinearizable(t, []gatewayAddr{{url: p.url}}, restart, restart, restart)
		kill()
		if err := auditLedger("sqlite://" + filepath.Join(dir, "game.db")); err != nil {
			t.Error(err)
		}
	})
	t.Run("fleet", func(t *testing.T) {
		tg := ownFleet(t) // Its stop audits the ledger.
		names := []string{"game-0", "gateway-0"}
		if *engine == fleet.PostgreSQL {
			names = append(names, "game-1")
		}
		var kills []func()
		for _, name := range names {
			kills = append(kills, func() {
				tg.kill(t, name)
				if err := tg.heal(); err != nil {
					t.Fatal(err)
				}
			})
		}
		checkLinearizable(t, tg.gateways, kills...)
	})
}

// checkLinearizable checks the answers to concurrent clients against the model, while parts of the platform are killed and restarted one
// after the other.
func checkLinearizable(t *testing.T, gateways []gatewayAddr, kills ...func()) {
	t.Helper()
	const players, clients, calls = 3, 5, 450 // So many calls by all clients before and after each kill.
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	var made, crashes atomic.Int64
	var all []*walletClient
	begin := time.Now()
	for player := range players {
		c := newClient(t, gateways[0].url)
		game := c.must(201, "POST", "/api/v1/games", map[string]any{"min_bet": 1}).str("game_id")
		for n := range clients {
			own := newClient(t, gateways[n%len(gateways)].url)
			own.http.Jar = c.http.Jar
			all = append(all, &walletClient{client: own, player: player, game: "/api/v1/games/" + game, gateways: gateways, begin: begin, crashes: &crashes, id: len(all)})
		}
	}
	for _, one := range all {
		running.Go(func() { one.run(ctx, &made) })
	}
	waitForCalls := func() {
		until := made.Load() + calls
		testserver.Eventually(t, "the clients' calls", func() bool { return made.Load() >= until })
	}
	waitForCalls()
	for _, kill := range kills {
		crashes.Add(1)
		kill()
		crashes.Add(1)
		waitForCalls()
	}
	stop()
	running.Wait()
	var history []porcupine.Operation
	for _, one := range all {
		history = append(history, one.ops...)
	}
	t.Logf("%d operations in %s", len(history), time.Since(begin))
	if result := porcupine.CheckOperationsTimeout(walletModel, history, time.Minute); result != porcupine.Ok {
		t.Errorf("%d operations: %s", len(history), result)
	}
}
