package game_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game"
)

// TestLimitHoldsForConcurrentBets bets at two tables at the same time: no order of the bets exceeds the limit, and none leaves it
// partly unused.
func TestLimitHoldsForConcurrentBets(t *testing.T) {
	ts := newTestService(t)
	alice := ts.player()
	amount := int64(70)
	if _, err := alice.protection.SetLimit(alice.ctx, &gamev1.SetLimitRequest{Kind: "stake", Period: "day", Amount: &amount}); err != nil {
		t.Fatal(err)
	}
	games := []string{alice.create(), alice.create()}
	var taken atomic.Int64
	var wg sync.WaitGroup
	for i, wager := range []string{"pass_line", "dont_pass", "field", "hard_4", "hard_6", "hard_8", "hard_10", "next_7", "next_11", "next_12"} {
		for _, game := range games {
			wg.Go(func() {
				_, err := alice.games.PlaceBet(alice.ctx, &gamev1.PlaceBetRequest{GameId: game, BetType: wager, Amount: 10})
				if err == nil {
					taken.Add(1)
				} else if errs.Reason(err) != errorsv1.Reason_REASON_LIMIT_EXCEEDED {
					t.Errorf("bet %d: %v", i, err)
				}
			})
		}
	}
	wg.Wait()
	if taken.Load() != 7 {
		t.Errorf("%d bets of 10 were accepted under a limit of 70", taken.Load())
	}
	resp, err := alice.protection.GetLimits(alice.ctx, &gamev1.GetLimitsRequest{})
	if err != nil || resp.GetProtection().GetLimits()[0].GetUsed() != 70 || resp.GetProtection().GetSession().GetStaked() != 70 {
		t.Errorf("limits = %v, %v", resp, err)
	}
	ts.audit()
}

// TestLimitsSurviveRestart restarts the service while an increase of a limit is pending.
func TestLimitsSurviveRestart(t *testing.T) {
	ts := newTestService(t)
	alice := ts.player()
	set := func(amount int64) *gamev1.Limit {
		resp, err := alice.protection.SetLimit(alice.ctx, &gamev1.SetLimitRequest{Kind: "stake", Period: "month", Amount: &amount})
		if err != nil {
			t.Fatal(err)
		}
		return resp.GetProtection().GetLimits()[0]
	}
	set(5)
	if l := set(500); l.GetAmount() != 5 || l.GetNext() != 500 || !l.GetNextAt().AsTime().Equal(ts.clock.Now().Add(24*time.Hour).Truncate(time.Microsecond)) {
		t.Errorf("limit = %v", l)
	}
	id := alice.create()
	ts.stop()
	ts.start()
	alice.dial()
	place := func() error {
		_, err := alice.games.PlaceBet(alice.ctx, &gamev1.PlaceBetRequest{GameId: id, BetType: "field", Amount: 10})
		return err
	}
	if err := place(); errs.Reason(err) != errorsv1.Reason_REASON_LIMIT_EXCEEDED {
		t.Errorf("err = %v", err)
	}
	ts.clock.Advance(24 * time.Hour)
	id = alice.create() // The old table may be closed by now.
	if err := place(); err != nil {
		t.Error(err)
	}
	ts.audit()
}

// TestLimitHoldsAcrossReplicas bets at two replicas of one database concurrently, and seats players at both.
func TestLimitHoldsAcrossReplicas(t *testing.T) {
	url := testserver.Database(t, "game", func(ctx context.Context, url string) (from, to int64, err error) {
		return game.Migrate(ctx, config.Database{URL: url, MaxConnections: 4})
	})
	replicas := make([]*testService, 2)
	for i := range replicas {
		replicas[i] = &testService{t: t, postgres: url, clock: clockwork.NewFakeClock(), validators: &validators{}}
		replicas[i].start()
	}
	alice := replicas[0].player()
	elsewhere := &player{testService: replicas[1], id: alice.id, ctx: alice.ctx}
	elsewhere.dial()
	amount := int64(50)
	if _, err := alice.protection.SetLimit(alice.ctx, &gamev1.SetLimitRequest{Kind: "loss", Period: "day", Amount: &amount}); err != nil {
		t.Fatal(err)
	}
	games := []string{alice.create(), alice.create()}
	var taken atomic.Int64
	var wg sync.WaitGroup
	for i, p := range []*player{alice, elsewhere} {
		for _, wager := range []string{"pass_line", "field", "hard_4", "hard_6", "hard_8"} {
			wg.Go(func() {
				_, err := p.games.PlaceBet(p.ctx, &gamev1.PlaceBetRequest{GameId: games[i], BetType: wager, Amount: 10})
				if err == nil {
					taken.Add(1)
				} else if errs.Reason(err) != errorsv1.Reason_REASON_LIMIT_EXCEEDED {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if taken.Load() != 5 {
		t.Errorf("%d bets of 10 were accepted under a limit of 50", taken.Load())
	}
	// Twelve players at two replicas: no seat is given to two players.
	for i := range 12 {
		p := replicas[i%2].player()
		wg.Go(func() {
			resp, err := p.lobby.QuickSeat(p.ctx, &gamev1.QuickSeatRequest{})
			if err != nil {
				t.Error(err)
				return
			}
			if seats := resp.GetGame().GetSeats(); len(seats) > 8 || !slices.ContainsFunc(seats, func(s *gamev1.Seat) bool { return s.GetPlayerId() == p.id.String() }) {
				t.Errorf("%s does not sit among %v", p.id, seats)
			}
		})
	}
	wg.Wait()
	replicas[0].audit()
}
