package game_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/craps/edge"
	"github.com/bitcraps/bitcraps/libs/testserver"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// metricValues returns a metric family's values by one label, without those that are 0.
func (ts *testService) metricValues(name, label string) map[string]float64 {
	ts.t.Helper()
	families, err := ts.telemetry.Registry.Gather()
	if err != nil {
		ts.t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			if value := valueOf(m); value != 0 {
				values[labelOf(m, label)] = value
			}
		}
	}
	return values
}

// gauge returns the value of a metric family that has no labels of its own.
func (ts *testService) gauge(name string) float64 { return ts.metricValues(name, "")[""] }

func valueOf(m *dto.Metric) float64 {
	return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
}

func labelOf(m *dto.Metric, name string) string {
	for _, label := range m.GetLabel() {
		if label.GetName() == name {
			return label.GetValue()
		}
	}
	return ""
}

// TestMetricsMatchStore plays a game, with repeated requests and outages of the validators in between, and compares the metrics with the
// store.
func TestMetricsMatchStore(t *testing.T) {
	ts := newTestService(t)
	alice, bob := ts.player(), ts.player()
	id := alice.create()
	bob.join(id)
	roll := func(n int) (*gamev1.RollDiceResponse, error) {
		return alice.games.RollDice(alice.ctx, &gamev1.RollDiceRequest{GameId: id, RequestId: fmt.Sprintf("roll-%d", n)})
	}
	for n := range 60 {
		for _, p := range []*player{alice, bob} {
			for _, wager := range []string{"pass_line", "yes_4", "field", "hard_6", "come"} { // Those that can't be placed now are refused.
				for range 2 {
					_, _ = p.games.PlaceBet(p.ctx, &gamev1.PlaceBetRequest{GameId: id, BetType: wager, Amount: 2, RequestId: fmt.Sprintf("%s-%d", wager, n)})
				}
			}
		}
		if shooter := alice.get(id).GetShooterId(); shooter == bob.id.String() {
			_, _ = bob.games.PassDice(bob.ctx, &gamev1.PassDiceRequest{GameId: id})
		}
		ts.validators.setUnavailable(n%10 == 9)
		_, err := roll(n)
		ts.validators.setUnavailable(false)
		for range 2 {
			if _, again := roll(n); err == nil && again != nil {
				t.Fatal(again)
			}
		}
	}
	placed, staked, returned := map[string]float64{}, map[string]float64{}, map[string]float64{}
	for _, p := range []*player{alice, bob} {
		for _, bet := range p.bets(id, 100, "") {
			placed[bet.GetBetType()]++
			switch bet.GetStatus() {
			case gamev1.BetStatus_BET_STATUS_WON, gamev1.BetStatus_BET_STATUS_LOST, gamev1.BetStatus_BET_STATUS_PUSHED:
				staked[bet.GetBetType()] += float64(bet.GetAmount() + bet.GetCommission())
				if bet.GetPayout() > 0 {
					returned[bet.GetBetType()] += float64(bet.GetPayout())
				}
			}
		}
	}
	calls, faces, rounds := map[string]float64{}, map[string]float64{}, 0.0
	for _, round := range alice.rounds(id) {
		if round.GetStatus() != gamev1.RoundStatus_ROUND_STATUS_SETTLED {
			continue
		}
		rounds++
		calls[round.GetCall()]++
		for _, die := range round.GetDice() {
			faces[fmt.Sprint(die)]++
		}
	}
	if rounds < 20 {
		t.Fatalf("only %v rounds were played", rounds)
	}
	for _, tc := range []struct {
		name, label string
		want        map[string]float64
	}{
		{"bitcraps_bets_placed_total", "bet_type", placed},
		{"bitcraps_wager_staked_tokens_total", "bet_type", staked},
		{"bitcraps_wager_returned_tokens_total", "bet_type", returned},
		{"bitcraps_rolls_total", "call", calls},
		{"bitcraps_dice_total", "face", faces},
		{"bitcraps_dice_window_rolls", "", map[string]float64{"": rounds}},
	} {
		if got := ts.metricValues(tc.name, tc.label); !maps.Equal(got, tc.want) {
			t.Errorf("%s = %v, the store has %v", tc.name, got, tc.want)
		}
	}
	ts.audit()
}

func TestExpectedReturnIsExact(t *testing.T) {
	ts := newTestService(t)
	expected := ts.metricValues("bitcraps_wager_expected_return_ratio", "bet_type")
	for _, w := range craps.Wagers() {
		house, _ := edge.Of(w).Float64()
		if back := expected[w.Name]; back+house < 1-1e-12 || back+house > 1+1e-12 {
			t.Errorf("%s returns %v, and the house keeps %v", w.Name, back, house)
		}
	}
}

func TestClosedGamesAreCounted(t *testing.T) {
	ts := newTestService(t)
	left, idle := ts.player(), ts.player()
	idle.create()
	ts.advanceUntil(time.Second, "a census", func() bool { return ts.gauge("bitcraps_active_players") == 1 })
	id := left.create()
	ts.clock.Advance(90 * time.Second)
	if _, err := left.games.LeaveGame(left.ctx, &gamev1.LeaveGameRequest{GameId: id}); err != nil {
		t.Fatal(err)
	}
	ts.advanceUntil(time.Minute, "the idle game's end", func() bool { return ts.metricValues("bitcraps_games_completed_total", "outcome")["expired"] == 1 })
	if got, want := ts.metricValues("bitcraps_games_completed_total", "outcome"), map[string]float64{"completed": 1, "expired": 1}; !maps.Equal(got, want) {
		t.Errorf("games = %v, want %v", got, want)
	}
	if n := ts.gauge("bitcraps_game_duration_seconds"); n != 2 {
		t.Errorf("%v games have a duration", n)
	}
	ts.advanceUntil(time.Second, "a census of nobody", func() bool { return ts.gauge("bitcraps_active_players") == 0 })
	if drift, checked := ts.gauge("bitcraps_ledger_drift_tokens"), ts.gauge("bitcraps_ledger_checked_timestamp_seconds"); drift != 0 || checked == 0 {
		t.Errorf("the ledger is off by %v, checked at %v", drift, checked)
	}
}

// TestReplicasCountEachPlayerOnce runs two replicas on one database, and stops the one that counts.
func TestReplicasCountEachPlayerOnce(t *testing.T) {
	a, b := newReplicas(t)
	alice, bob := a.player(), a.player()
	id := alice.create()
	bob.join(id)
	bob.create()
	players := func(ts *testService) float64 { return ts.gauge("bitcraps_active_players") }
	eventuallyTick(t, "both players are counted once", func() bool { return players(a)+players(b) == 2 }, a, b)
	first, second := a, b
	if players(b) == 2 {
		first, second = b, a
	}
	first.stop()
	eventuallyTick(t, "the other replica counts", func() bool { return players(second) == 2 }, second)
}

// eventuallyTick advances the replicas' clocks until a condition holds.
func eventuallyTick(t *testing.T, what string, condition func() bool, replicas ...*testService) {
	t.Helper()
	testserver.Eventually(t, what, func() bool {
		advance(time.Second, replicas...)
		return condition()
	})
}
