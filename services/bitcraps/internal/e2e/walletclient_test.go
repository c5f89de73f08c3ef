package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// walletClient acts for a player, concurrently with other clients of the same player.
type walletClient struct {
	*client
	player   int
	game     string
	gateways []gatewayAddr
	begin    time.Time
	// crashes is odd while a killed process is not back, and grows by two with each crash.
	crashes *atomic.Int64
	bets    []string // Bets that it placed and has not removed.
	ops     []porcupine.Operation
	id      int
}

// run makes one call after the other until the context ends.
func (t *walletClient) run(ctx context.Context, calls *atomic.Int64) {
	for n := 0; ctx.Err() == nil; n++ {
		t.step(n)
		calls.Add(1)
		select {
		case <-time.After(rand.N(20 * time.Millisecond)): // While a process restarts, the history must not grow too long to be checked.
		case <-ctx.Done():
		}
	}
}

// step makes one call. Without an answer it repeats the call with the same key until there is one, so that it counts as one long call,
// whatever crashed in between.
func (t *walletClient) step(n int) {
	in := walletInput{player: t.player, kind: "read"}
	switch {
	case len(t.bets) > 0 && rand.IntN(3) == 0:
		in.kind, in.bet = "remove", t.bets[0]
		t.bets = t.bets[1:]
	case rand.IntN(4) > 0:
		in.kind, in.wager, in.amount = "bet", []string{"field", "hard_4", "hard_6", "next_7"}[rand.IntN(4)], rand.Int64N(400)+1
	}
	call, crashes := time.Since(t.begin).Nanoseconds(), t.crashes.Load()
	resp, tries := t.callUntilAnswered(in, fmt.Sprintf("%d-%d", t.id, n))
	// A gateway repeats a call that is safe to repeat at another game when one crashes. It has no reason to while none crashes.
	crashed := tries > 1 || crashes%2 == 1 || t.crashes.Load() != crashes
	out := walletOutput{reason: resp.reason(), balance: resp.num("balance"), bet: resp.str("bet.bet_id"), repeated: in.kind == "remove" && crashed}
	if in.kind == "bet" && out.reason == "" {
		t.bets = append(t.bets, out.bet)
	}
	t.ops = append(t.ops, porcupine.Operation{ClientId: t.id, Input: in, Output: out, Call: call, Return: time.Since(t.begin).Nanoseconds()})
}

// callUntilAnswered repeats a call until there is an answer, and returns how often it called.
func (t *walletClient) callUntilAnswered(in walletInput, key string) (*response, int) {
	for tries := 1; ; tries++ {
		var resp *response
		switch in.kind {
		case "bet":
			resp = t.try("POST", t.game+"/bets", map[string]any{"bet_type": in.wager, "amount": in.amount}, "Idempotency-Key", key)
		case "remove":
			resp = t.try("DELETE", t.game+"/bets/"+in.bet, nil)
		default:
			resp = t.try("GET", "/api/v1/players/me", nil)
		}
		if resp != nil && resp.status < 500 {
			return resp, tries
		}
		if resp == nil {
			t.base = nextGateway(t.gateways, t.base) // The player's cookies are valid for every port of the host.
		}
		select {
		case <-time.After(10 * time.Millisecond): // The process is coming back.
		case <-t.t.Context().Done():
			return &response{}, tries
		}
	}
}
