package game_test

import (
	"fmt"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// TestManyCallersShareTransactions has many players place valid and invalid bets concurrently. Each gets the answer to its own bet, all
// accepted bets are in the ledger, and there were fewer transactions than changes.
func TestManyCallersShareTransactions(t *testing.T) {
	ts := newTestService(t)
	alice := ts.player()
	id := alice.create()
	const callers = 64
	var wg sync.WaitGroup
	for i := range callers {
		p := ts.player()
		wg.Go(func() {
			game, seated := id, i < 7 // The others find the table full.
			if i%2 == 1 {
				game, seated = p.create(), true
			}
			if _, err := p.games.JoinGame(p.ctx, &gamev1.JoinGameRequest{GameId: game}); err != nil && (seated && errs.Reason(err) != errorsv1.Reason_REASON_GAME_FULL) {
				t.Error(err)
			}
			for n := range 20 {
				wager := []string{"field", "hard_6", "lucky_socks", "come", "place_6"}[n%5]
				resp, err := p.games.PlaceBet(p.ctx, &gamev1.PlaceBetRequest{GameId: game, BetType: wager, Amount: 6, RequestId: fmt.Sprint(n)})
				again, errAgain := p.games.PlaceBet(p.ctx, &gamev1.PlaceBetRequest{GameId: game, BetType: wager, Amount: 6, RequestId: fmt.Sprint(n)})
				if errs.Reason(err) != errs.Reason(errAgain) || err == nil && !proto.Equal(resp, again) {
					t.Errorf("%s: %v, %v; again %v, %v", wager, resp, err, again, errAgain)
				}
				if err == nil && (resp.GetBet().GetBetType() != wager || resp.GetBet().GetPlayerId() != p.id.String()) {
					t.Errorf("%s of %s got %v", wager, p.id, resp)
				}
			}
			if balance := p.balance(); balance != 1000 && balance != 1000-3*6 {
				t.Errorf("balance %d", balance)
			}
		})
	}
	wg.Wait()
	if groups, changes := ts.groups(); changes-groups < callers {
		t.Errorf("%v changes of %d callers took %v transactions: they hardly share any", changes, callers, groups)
	}
	ts.audit()
}

// groups returns how many groups of changes were written, and how many changes they had in total.
func (ts *testService) groups() (groups, changes float64) {
	ts.t.Helper()
	families, err := ts.telemetry.Registry.Gather()
	if err != nil {
		ts.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "bitcraps_commit_group_size" {
			histogram := family.GetMetric()[0].GetHistogram()
			return float64(histogram.GetSampleCount()), histogram.GetSampleSum()
		}
	}
	ts.t.Fatal("there is no metric of group sizes")
	return 0, 0
}

func TestRetryInSameGroupHasOneEffect(t *testing.T) {
	ts := newTestService(t)
	alice := ts.player()
	id := alice.create()
	var wg sync.WaitGroup
	answers := make([]*gamev1.PlaceBetResponse, 16)
	for i := range answers {
		wg.Go(func() {
			var err error
			if answers[i], err = alice.games.PlaceBet(alice.ctx, &gamev1.PlaceBetRequest{GameId: id, BetType: "field", Amount: 5, RequestId: "one"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, answer := range answers {
		if !proto.Equal(answer, answers[0]) {
			t.Errorf("%v and %v", answer, answers[0])
		}
	}
	if balance := alice.balance(); balance != 995 {
		t.Errorf("balance %d", balance)
	}
	ts.audit()
}

// TestWalletOpensOnce makes concurrent calls for a player who has no wallet yet.
func TestWalletOpensOnce(t *testing.T) {
	ts := newTestService(t)
	for range 20 {
		p := ts.player()
		tables := []string{p.create(), p.create()}
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				if i%3 == 2 {
					p.balance()
					return
				}
				wager := []string{"field", "hard_4", "hard_6", "next_7"}[i/3]
				if _, err := p.games.PlaceBet(p.ctx, &gamev1.PlaceBetRequest{GameId: tables[i%3], BetType: wager, Amount: 50}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if balance := p.balance(); balance != 1000-8*50 {
			t.Fatalf("balance %d", balance)
		}
	}
	ts.audit()
}

func TestPlaceBetsReturnsResultPerBet(t *testing.T) {
	ts := newTestService(t)
	alice := ts.player()
	id := alice.create()
	req := &gamev1.PlaceBetsRequest{GameId: id, RequestId: "list", Bets: []*gamev1.NewBet{
		{BetType: "pass_line", Amount: 10}, {BetType: "come", Amount: 10}, {BetType: "yes_4", Amount: 20, ClientSeed: "x"}, {BetType: "pass_line", Amount: 10}}}
	resp, err := alice.games.PlaceBets(alice.ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"", "WRONG_PHASE", "", "BET_EXISTS"}
	for i, result := range resp.GetResults() {
		if result.GetError().GetReason() != want[i] || (result.GetBet() == nil) != (want[i] != "") {
			t.Errorf("result %d: %v, want %q", i, result, want[i])
		}
	}
	if len(resp.GetResults()) != 4 || resp.GetBalance() != 1000-10-21 {
		t.Errorf("%v", resp)
	}
	again, err := alice.games.PlaceBets(alice.ctx, req)
	if err != nil || !proto.Equal(again, resp) {
		t.Errorf("again %v, %v", again, err)
	}
	req.Bets[0].Amount = 11
	if _, err := alice.games.PlaceBets(alice.ctx, req); errs.Reason(err) != errorsv1.Reason_REASON_REQUEST_ID_REUSED {
		t.Errorf("a different list with the same request id: %v", err)
	}
	newcomer := ts.player()
	if resp, err := newcomer.games.PlaceBets(newcomer.ctx, &gamev1.PlaceBetsRequest{GameId: newcomer.create(),
		Bets: []*gamev1.NewBet{{BetType: "come", Amount: 10}}}); err != nil || resp.GetBalance() != 1000 || resp.GetResults()[0].GetError() == nil {
		t.Errorf("a first list whose bets are all refused: %v, %v", resp, err)
	}
	for name, bets := range map[string][]*gamev1.NewBet{"none": nil, "too many": make([]*gamev1.NewBet, 101), "no amount": {{BetType: "field"}}} {
		for i := range bets {
			if bets[i] == nil {
				bets[i] = &gamev1.NewBet{BetType: "field", Amount: 1}
			}
		}
		if _, err := alice.games.PlaceBets(alice.ctx, &gamev1.PlaceBetsRequest{GameId: id, Bets: bets}); errs.Reason(err) != errorsv1.Reason_REASON_INVALID_FIELD {
			t.Errorf("%s: %v", name, err)
		}
	}
	ts.audit()
}
