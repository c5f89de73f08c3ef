package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// teller acts for a player, beside others who act for the same one.
type teller struct {
	*client
	player int
	game   string
	doors  []door
	begin  time.Time
	// deaths is odd while something that was killed is not back, and grows by two with each death.
	deaths *atomic.Int64
	own    []string // Bets that it placed and has not removed.
	ops    []porcupine.Operation
	id     int
}

// acts makes one call behind the other, until that is enough.
func (t *teller) acts(enough context.Context, acted *atomic.Int64) {
	for n := 0; enough.Err() == nil; n++ {
		t.act(n)
		acted.Add(1)
		select {
		case <-time.After(rand.N(20 * time.Millisecond)): // While something comes back, a history that can be checked must not grow without end.
		case <-enough.Done():
		}
	}
}

// act makes one call. Where no answer comes it asks again under the same key until one does, so that it is one call that
// took long, whatever crashed in between.
func (t *teller) act(n int) {
	in := walletInput{player: t.player, kind: "read"}
	switch {
	case len(t.own) > 0 && rand.IntN(3) == 0:
		in.kind, in.bet = "remove", t.own[0]
		t.own = t.own[1:]
	case rand.IntN(4) > 0:
		in.kind, in.wager, in.amount = "bet", []string{"field", "hard_4", "hard_6", "next_7"}[rand.IntN(4)], rand.Int64N(400)+1
	}
	call, deaths := time.Since(t.begin).Nanoseconds(), t.deaths.Load()
	resp, tries := t.insist(in, fmt.Sprintf("%d-%d", t.id, n))
	// A gateway asks another game again for what is safe to repeat, where one dies. It has no cause to while all live.
	disturbed := tries > 1 || deaths%2 == 1 || t.deaths.Load() != deaths
	out := walletOutput{reason: resp.reason(), balance: resp.num("balance"), bet: resp.str("bet.bet_id"), repeated: in.kind == "remove" && disturbed}
	if in.kind == "bet" && out.reason == "" {
		t.own = append(t.own, out.bet)
	}
	t.ops = append(t.ops, porcupine.Operation{ClientId: t.id, Input: in, Output: out, Call: call, Return: time.Since(t.begin).Nanoseconds()})
}

// insist calls until an answer comes, and says how often it did.
func (t *teller) insist(in walletInput, key string) (*response, int) {
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
			t.base = nextDoor(t.doors, t.base) // The player's cookies are for every port of the host.
		}
		select {
		case <-time.After(10 * time.Millisecond): // The process is coming back.
		case <-t.t.Context().Done():
			return &response{}, tries
		}
	}
}
