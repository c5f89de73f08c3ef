package e2e_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// A wallet and the bets of one player, as everybody who acts for the player must see them: as if calls came one behind the
// other, each at some moment between its beginning and its answer (Herlihy and Wing, TOPLAS 12, 1990).

type walletInput struct {
	player int
	kind   string // bet, remove or read.
	wager  string
	amount int64
	bet    string // The id to remove.
}

type walletOutput struct {
	reason  string // Empty where the call succeeded.
	bet     string
	balance int64
	// repeated is true where a removal was asked for again: it happened at the first time, and the balance in the answer is
	// that of the second.
	repeated bool
}

// walletState is a player's tokens, and the id and stake of each live bet by wager.
type walletState struct {
	balance int64
	live    map[string]lying
}

type lying struct {
	bet    string
	amount int64
}

var walletModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		players := map[int][]porcupine.Operation{}
		for _, op := range history {
			player := op.Input.(walletInput).player
			players[player] = append(players[player], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range players {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return walletState{balance: 1000} },
	Step: func(state, input, output any) (bool, any) {
		return state.(walletState).step(input.(walletInput), output.(walletOutput))
	},
	Equal: func(a, b any) bool {
		return a.(walletState).balance == b.(walletState).balance && maps.Equal(a.(walletState).live, b.(walletState).live)
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
}

// step reports whether the answer is right for the state, and the state behind it.
func (s walletState) step(in walletInput, out walletOutput) (bool, walletState) {
	next := walletState{balance: s.balance, live: maps.Clone(s.live)}
	if next.live == nil {
		next.live = map[string]lying{}
	}
	_, there := s.live[in.wager]
	switch {
	case in.kind == "bet" && there:
		return out.reason == "BET_EXISTS", s
	case in.kind == "bet" && s.balance < in.amount:
		return out.reason == "INSUFFICIENT_FUNDS", s
	case in.kind == "bet":
		next.balance -= in.amount
		next.live[in.wager] = lying{out.bet, in.amount}
	case in.kind == "remove":
		for wager, bet := range s.live {
			if bet.bet == in.bet {
				next.balance += bet.amount
				delete(next.live, wager)
			}
		}
	}
	return out.reason == "" && (out.balance == next.balance || out.repeated), next
}

// teller acts for a player, beside others who act for the same one.
type teller struct {
	*client
	player int
	game   string
	begin  time.Time
	own    []string // Bets that it placed and has not removed.
	ops    []porcupine.Operation
	id     int
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
	call := time.Since(t.begin).Nanoseconds()
	resp, tries := t.insist(in, fmt.Sprintf("%d-%d", t.id, n))
	out := walletOutput{reason: resp.reason(), balance: resp.num("balance"), bet: resp.str("bet.bet_id"), repeated: in.kind == "remove" && tries > 1}
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
		select {
		case <-time.After(10 * time.Millisecond): // The process is coming back.
		case <-t.t.Context().Done():
			return &response{}, tries
		}
	}
}

// TestWalletsAreLinearizable has many act for the same players at once while the platform is killed and started again.
func TestWalletsAreLinearizable(t *testing.T) {
	const players, tellers, calls, kills = 3, 5, 130, 3
	program, dir := built(t, "bitcraps"), filepath.Join(t.TempDir(), "data")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	p := spawn(t, program, dir, "--http-addr", address)
	var all []*teller
	begin := time.Now()
	for player := range players {
		c := newClient(t, p.url)
		game := c.must(201, "POST", "/api/v1/games", map[string]any{"min_bet": 1}).str("game_id")
		for range tellers {
			own := newClient(t, p.url)
			own.http.Jar = c.http.Jar
			all = append(all, &teller{client: own, player: player, game: "/api/v1/games/" + game, begin: begin, id: len(all)})
		}
	}
	var acting sync.WaitGroup
	progress := make(chan struct{}, len(all)*calls)
	for _, one := range all {
		acting.Go(func() {
			for n := range calls {
				one.act(n)
				progress <- struct{}{}
			}
		})
	}
	for range kills {
		for range len(all) * calls / (kills + 1) {
			<-progress
		}
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.cmd.Wait()
		p = spawn(t, program, dir, "--http-addr", address)
	}
	acting.Wait()
	var history []porcupine.Operation
	for _, one := range all {
		history = append(history, one.ops...)
	}
	if result := porcupine.CheckOperationsTimeout(walletModel, history, time.Minute); result != porcupine.Ok {
		t.Errorf("%d operations: %s", len(history), result)
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	if out, err := run("audit", "--data-dir", dir); err != nil {
		t.Errorf("audit: %v\n%s", err, out)
	}
}

// TestTheWalletModelFindsFaults plants answers that no honest wallet gives.
func TestTheWalletModelFindsFaults(t *testing.T) {
	op := func(call, back int64, in walletInput, out walletOutput) porcupine.Operation {
		return porcupine.Operation{Input: in, Output: out, Call: call, Return: back}
	}
	bet := walletInput{kind: "bet", wager: "field", amount: 100}
	for name, tc := range map[string]struct {
		want    bool
		history []porcupine.Operation
	}{
		"one behind the other": {true, []porcupine.Operation{op(0, 1, bet, walletOutput{bet: "a", balance: 900}), op(2, 3, bet, walletOutput{reason: "BET_EXISTS"})}},
		"a lost bet":           {false, []porcupine.Operation{op(0, 1, bet, walletOutput{bet: "a", balance: 900}), op(2, 3, walletInput{kind: "read"}, walletOutput{balance: 1000})}},
		"a bet taken twice":    {false, []porcupine.Operation{op(0, 1, bet, walletOutput{bet: "a", balance: 900}), op(2, 3, bet, walletOutput{bet: "b", balance: 800})}},
		"an old read beside":   {true, []porcupine.Operation{op(0, 5, bet, walletOutput{bet: "a", balance: 900}), op(1, 2, walletInput{kind: "read"}, walletOutput{balance: 1000})}},
	} {
		if got := porcupine.CheckOperations(walletModel, tc.history); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
