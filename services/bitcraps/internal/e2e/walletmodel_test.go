package e2e_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/anishathalye/porcupine"
)

// A model of the wallet and the bets of one player, as all clients of the player must see them: as if calls took effect one after the
// other, each at some moment between its start and its answer (Herlihy and Wing, TOPLAS 12, 1990).

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
	// repeated is true where a removal was repeated, or may have been by a gateway: it took effect the first time, and the balance in
	// the answer is that of the last time.
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

// step reports whether the answer is correct in the state, and returns the state after it.
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

// TestTheWalletModelFindsFaults checks histories with answers that no correct wallet gives.
func TestTheWalletModelFindsFaults(t *testing.T) {
	op := func(call, back int64, in walletInput, out walletOutput) porcupine.Operation {
		return porcupine.Operation{Input: in, Output: out, Call: call, Return: back}
	}
	bet := walletInput{kind: "bet", wager: "field", amount: 100}
	for name, tc := range map[string]struct {
		want    bool
		history []porcupine.Operation
	}{
		"one after the other": {true, []porcupine.Operation{op(0, 1, bet, walletOutput{bet: "a", balance: 900}), op(2, 3, bet, walletOutput{reason: "BET_EXISTS"})}},
		"a lost bet":          {false, []porcupine.Operation{op(0, 1, bet, walletOutput{bet: "a", balance: 900}), op(2, 3, walletInput{kind: "read"}, walletOutput{balance: 1000})}},
		"a bet taken twice":   {false, []porcupine.Operation{op(0, 1, bet, walletOutput{bet: "a", balance: 900}), op(2, 3, bet, walletOutput{bet: "b", balance: 800})}},
		"a concurrent read":   {true, []porcupine.Operation{op(0, 5, bet, walletOutput{bet: "a", balance: 900}), op(1, 2, walletInput{kind: "read"}, walletOutput{balance: 1000})}},
	} {
		if got := porcupine.CheckOperations(walletModel, tc.history); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
