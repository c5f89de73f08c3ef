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

// TestWalletsAreLinearizable has many act for the same players at once while the platform is killed and started again: all of it, or
// by turns each process of a fleet that answers for wallets. Two games of a fleet have the same wallets in their caches.
func TestWalletsAreLinearizable(t *testing.T) {
	t.Run("one process", func(t *testing.T) {
		program, dir := built(t, "bitcraps"), filepath.Join(t.TempDir(), "data")
		address := testserver.FreeAddress(t)
		p := spawn(t, program, dir, "--http-addr", address)
		end := func() {
			if err := p.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = p.cmd.Wait()
		}
		again := func() {
			end()
			p = spawn(t, program, dir, "--http-addr", address)
		}
		linearizable(t, []door{{url: p.url}}, again, again, again)
		end()
		if err := auditLedger("sqlite://" + filepath.Join(dir, "game.db")); err != nil {
			t.Error(err)
		}
	})
	t.Run("fleet", func(t *testing.T) {
		tg := ownFleet(t) // Its end audits the ledger.
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
		linearizable(t, tg.doors, kills...)
	})
}

// linearizable holds what a platform answers many tellers against the model, while parts of it are killed and brought back by turns.
func linearizable(t *testing.T, doors []door, kills ...func()) {
	t.Helper()
	const players, tellers, calls = 3, 5, 450 // So many calls of all before and behind each kill.
	enough, stop := context.WithCancel(t.Context())
	var acting sync.WaitGroup
	defer acting.Wait()
	defer stop()
	var acted, deaths atomic.Int64
	var all []*teller
	begin := time.Now()
	for player := range players {
		c := newClient(t, doors[0].url)
		game := c.must(201, "POST", "/api/v1/games", map[string]any{"min_bet": 1}).str("game_id")
		for n := range tellers {
			own := newClient(t, doors[n%len(doors)].url)
			own.http.Jar = c.http.Jar
			all = append(all, &teller{client: own, player: player, game: "/api/v1/games/" + game, doors: doors, begin: begin, deaths: &deaths, id: len(all)})
		}
	}
	for _, one := range all {
		acting.Go(func() { one.acts(enough, &acted) })
	}
	act := func() {
		until := acted.Load() + calls
		testserver.Eventually(t, "what tellers do", func() bool { return acted.Load() >= until })
	}
	act()
	for _, kill := range kills {
		deaths.Add(1)
		kill()
		deaths.Add(1)
		act()
	}
	stop()
	acting.Wait()
	var history []porcupine.Operation
	for _, one := range all {
		history = append(history, one.ops...)
	}
	t.Logf("%d operations in %s", len(history), time.Since(begin))
	if result := porcupine.CheckOperationsTimeout(walletModel, history, time.Minute); result != porcupine.Ok {
		t.Errorf("%d operations: %s", len(history), result)
	}
}
