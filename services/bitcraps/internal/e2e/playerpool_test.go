package e2e_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// retryingPlayer plays until its context ends. Every call has an idempotency key, and is repeated with it until it has an answer, as a
// good client does.
type retryingPlayer struct {
	*gambler
	ctx      context.Context
	gateways []gatewayAddr
	// home is its first gateway.
	home   string
	played atomic.Int64
	// refused counts 5xx answers, and calls without an answer.
	refused atomic.Int64
	// unanswered counts bets that had no answer when it stopped.
	unanswered int
}

// callWithKey repeats a call with an idempotency key until it has an answer below 500. It returns nil when the context ends.
func (r *retryingPlayer) callWithKey(path string, body any) *response {
	key := uuid.NewString()
	for {
		resp := r.try("POST", r.game+path, body, "Idempotency-Key", key)
		if resp != nil && resp.status < 500 {
			return resp
		}
		r.refused.Add(1)
		if resp == nil {
			keepSession(r.client, nextGateway(r.gateways, r.base))
		}
		select {
		case <-time.After(10 * time.Millisecond): // The process is being restarted.
		case <-r.ctx.Done():
			return nil
		}
	}
}

func (r *retryingPlayer) play() {
	for r.ctx.Err() == nil {
		for _, wager := range []string{"pass_line", "field"} {
			resp := r.callWithKey("/bets", map[string]any{"bet_type": wager, "amount": 1})
			switch {
			case resp == nil:
				r.unanswered++
			case resp.status == 201:
				r.acknowledged[resp.str("bet.bet_id")] = true
			}
		}
		if resp := r.callWithKey("/roll", nil); resp != nil && resp.status == 200 {
			r.played.Add(1)
		}
	}
}

// playerPool has players at every gateway of a fleet, each at a table of its own.
type playerPool struct {
	t       *testing.T
	players []*retryingPlayer
	playing sync.WaitGroup
	stop    context.CancelFunc
}

// newPlayerPool starts two players at each gateway, who play until stopAndCheck.
func newPlayerPool(t *testing.T, tg *target) *playerPool {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c := &playerPool{t: t, stop: stop}
	for _, gateway := range slices.Concat(tg.gateways, tg.gateways) {
		p := &retryingPlayer{gambler: &gambler{client: newClient(t, gateway.url), acknowledged: map[string]bool{}}, ctx: ctx, gateways: tg.gateways, home: gateway.url}
		p.game = "/api/v1/games/" + p.must(201, "POST", "/api/v1/games", nil).str("game_id")
		c.players = append(c.players, p)
		c.playing.Go(p.play)
	}
	return c
}

// waitForRounds waits until every player has played three more rounds.
func (c *playerPool) waitForRounds(what string) {
	c.t.Helper()
	for _, p := range c.players {
		until := p.played.Load() + 3
		testserver.Eventually(c.t, "play "+what, func() bool { return p.played.Load() >= until })
	}
}

// refusedCounts returns how often each player was refused.
func (c *playerPool) refusedCounts() (counts []int64) {
	for _, p := range c.players {
		counts = append(counts, p.refused.Load())
	}
	return counts
}

// stopAndCheck stops the players, and compares the platform's bets with those that the players know: none is missing, and none was
// placed twice.
func (c *playerPool) stopAndCheck() {
	c.t.Helper()
	c.stop()
	c.playing.Wait()
	for _, p := range c.players {
		testserver.Eventually(c.t, "the end of what was in flight", func() bool { return p.must(200, "GET", p.game, nil).str("rolling") == "false" })
		stored := p.allBets()
		for id := range p.acknowledged {
			if !stored[id] {
				c.t.Errorf("acknowledged bet %s is gone", id)
			}
		}
		if len(stored) > len(p.acknowledged)+p.unanswered {
			c.t.Errorf("%d bets are stored, %d were acknowledged and %d had no answer", len(stored), len(p.acknowledged), p.unanswered)
		}
		c.t.Logf("%d rounds, %d bets, %d refusals", p.played.Load(), len(p.acknowledged), p.refused.Load())
	}
}
