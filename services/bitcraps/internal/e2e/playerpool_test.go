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

// retryingPlayer plays until it is told to leave. Every call carries a key, and is repeated under it until it has an answer, as a
// good client does.
type retryingPlayer struct {
	*gambler
	ctx      context.Context
	gateways []gatewayAddr
	// home is the gateway where it began.
	home   string
	played atomic.Int64
	// refused counts answers that say that a service is away, and calls that have none.
	refused atomic.Int64
	// unanswered counts bets that it left without an answer.
	unanswered int
}

// callWithKey repeats a call until it has an answer that counts. It returns nil when it is time to leave.
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
		case <-time.After(10 * time.Millisecond): // What is away is coming back.
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

// playerPool is regulars at every gateway of a fleet, each at a table of its own.
type playerPool struct {
	t       *testing.T
	players []*retryingPlayer
	playing sync.WaitGroup
	stop    context.CancelFunc
}

// newPlayerPool has two play at each gateway, until they are sent home.
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

// waitForRounds waits until everybody has played three rounds more.
func (c *playerPool) waitForRounds(what string) {
	c.t.Helper()
	for _, p := range c.players {
		until := p.played.Load() + 3
		testserver.Eventually(c.t, "play "+what, func() bool { return p.played.Load() >= until })
	}
}

// refusedCounts are how often each player was refused.
func (c *playerPool) refusedCounts() (counts []int64) {
	for _, p := range c.players {
		counts = append(counts, p.refused.Load())
	}
	return counts
}

// stopAndCheck ends play, and holds the platform's bets against those that the players know: none is gone, and none is there twice.
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
			c.t.Errorf("%d bets are there, %d were acknowledged and %d had no answer", len(stored), len(p.acknowledged), p.unanswered)
		}
		c.t.Logf("%d rounds, %d bets, %d answers that a service was away", p.played.Load(), len(p.acknowledged), p.refused.Load())
	}
}
