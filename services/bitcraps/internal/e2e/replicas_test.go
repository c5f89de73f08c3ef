package e2e_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
)

// regular plays until it is told to leave. Every call carries a key, and is repeated under it until it has an answer, as a
// good client does.
type regular struct {
	*gambler
	leave  context.Context
	played atomic.Int64
	// refused counts answers that say that a service is away.
	refused atomic.Int64
}

// keyed repeats a call until it has an answer that counts. It returns nil when it is time to leave.
func (r *regular) keyed(path string, body any) *response {
	key := uuid.NewString()
	for r.leave.Err() == nil {
		resp := r.try("POST", r.game+path, body, "Idempotency-Key", key)
		if resp != nil && resp.status < 500 {
			return resp
		}
		r.refused.Add(1)
	}
	return nil
}

func (r *regular) play() {
	for r.leave.Err() == nil {
		for _, wager := range []string{"pass_line", "field"} {
			if resp := r.keyed("/bets", map[string]any{"bet_type": wager, "amount": 1}); resp != nil && resp.status == 201 {
				r.mu.Lock()
				r.acknowledged[resp.str("bet.bet_id")] = true
				r.mu.Unlock()
			}
		}
		if resp := r.keyed("/roll", nil); resp != nil && resp.status == 200 {
			r.played.Add(1)
		}
	}
}

// TestReplicasDie kills processes of a fleet while players are at each of its gateways. Where another replica is left, no
// player notices more than a slower answer; where none is, they repeat what they asked until it is back.
func TestReplicasDie(t *testing.T) {
	tg := ownFleet(t)
	leave, stop := context.WithCancel(t.Context())
	defer stop()
	var players []*regular
	var playing sync.WaitGroup
	for range tg.doors {
		p := &regular{gambler: &gambler{client: newClient(t, tg.url()), acknowledged: map[string]bool{}}, leave: leave}
		p.game = "/api/v1/games/" + p.must(201, "POST", "/api/v1/games", nil).str("game_id")
		players = append(players, p)
		playing.Go(p.play)
	}
	roundsGoOn := func(what string) {
		for _, p := range players {
			until := p.played.Load() + 3
			eventually(t, "play "+what, func() bool { return p.played.Load() >= until })
		}
	}
	refused := func() (n int64) {
		for _, p := range players {
			n += p.refused.Load()
		}
		return n
	}
	kill := func(name string) {
		t.Helper()
		before := refused()
		tg.kill(t, name)
		service, _, _ := strings.Cut(name, "-")
		if _, others := tg.states[service+"-1"]; !others {
			return
		}
		roundsGoOn("without " + name)
		if n := refused() - before; n > 0 {
			t.Errorf("%d calls were refused when %s died", n, name)
		}
	}
	roundsGoOn("before anything happened")
	for _, name := range []string{"consensus-3", "game-0"} {
		kill(name)
		if err := tg.heal(); err != nil {
			t.Fatal(err)
		}
		roundsGoOn("with " + name + " back")
	}
	stop()
	playing.Wait()
	for _, p := range players {
		stored := p.allBets()
		for id := range p.acknowledged {
			if !stored[id] {
				t.Errorf("acknowledged bet %s is gone", id)
			}
		}
		t.Logf("%d rounds, %d bets, %d answers that a service was away", p.played.Load(), len(p.acknowledged), p.refused.Load())
	}
	for _, p := range players {
		eventually(t, "the end of what was in flight", func() bool { return p.must(200, "GET", p.game, nil).str("rolling") == "false" })
	}
	auditDatabase(t, tg.ledger)
}
