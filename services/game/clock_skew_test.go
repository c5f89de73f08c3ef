package game_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game"
)

// skew is the difference between the clocks of the two replicas.
const skew = 5 * time.Second

// newReplicas starts two replicas on one PostgreSQL. The clock of the fast one is ahead of the slow one's.
func newReplicas(t *testing.T) (slow, fast *testService) {
	t.Helper()
	url := testserver.Database(t, "game", func(ctx context.Context, url string) (from, to int64, err error) {
		return game.Migrate(ctx, config.Database{URL: url})
	})
	slow = &testService{t: t, postgres: url, clock: clockwork.NewFakeClock(), validators: &validators{}}
	fast = &testService{t: t, postgres: url, clock: clockwork.NewFakeClockAt(slow.clock.Now().Add(skew)), validators: slow.validators}
	slow.start()
	fast.start()
	for _, ts := range []*testService{slow, fast} { // From here on, their sweepers and censuses have tickers.
		if err := ts.clock.BlockUntilContext(t.Context(), 3); err != nil {
			t.Fatal(err)
		}
	}
	return slow, fast
}

// advance advances the clocks of all replicas by the same time.
func advance(d time.Duration, replicas ...*testService) {
	for _, ts := range replicas {
		ts.clock.Advance(d)
	}
}

// via returns the player's view through another replica.
func (p *player) via(ts *testService) *player {
	other := &player{testService: ts, id: p.id, ctx: p.ctx}
	other.dial()
	return other
}

func (p *player) join(gameID string) {
	p.t.Helper()
	if _, err := p.games.JoinGame(p.ctx, &gamev1.JoinGameRequest{GameId: gameID}); err != nil {
		p.t.Fatal(err)
	}
}

// waitForShooter has the player's line bet wait for a shooter who does nothing. ended reports whether the dice have passed to the player.
func (p *player) waitForShooter() (ended func() bool) {
	p.t.Helper()
	shooter := p.player()
	id := shooter.create()
	p.join(id)
	p.bet(id, "pass_line", 1)
	return func() bool { return p.get(id).GetShooterId() == p.id.String() }
}

// TestTurnIsOffByAtMostClockSkew has one replica end turns that the other began. A sweep that ends the first turn also sees the second
// one, so a second turn that it does not end was not due.
func TestTurnIsOffByAtMostClockSkew(t *testing.T) {
	timeout := game.Default().Tables.ShooterTimeout
	for name, fastBegins := range map[string]bool{"early": false, "late": true} {
		t.Run(name, func(t *testing.T) {
			slow, fast := newReplicas(t)
			begins, ends, duration := slow, fast, timeout-skew
			if fastBegins {
				begins, ends, duration = fast, slow, timeout+skew
			}
			bob, carol := begins.player(), begins.player()
			first := bob.waitForShooter()
			advance(time.Second, slow, fast)
			second := carol.waitForShooter()
			begins.stop() // So that the other replica ends the turns.
			bob.network, carol.network = ends.network, ends.network
			bob.dial()
			carol.dial()
			advance(duration-time.Second, ends)
			testserver.Eventually(t, "the end of the first turn", first)
			if second() {
				t.Errorf("the second turn ended before %s", duration)
			}
			advance(time.Second, ends)
			testserver.Eventually(t, "the end of the second turn", second)
			bob.via(ends).audit()
		})
	}
}

// TestRoundsAreResumedDespiteClockSkew leaves a round of each replica undecided. By the fast clock, the slow replica's round is
// abandoned at once; the slow replica resumes the fast one's round after that replica has stopped.
func TestRoundsAreResumedDespiteClockSkew(t *testing.T) {
	slow, fast := newReplicas(t)
	slow.validators.setUnavailable(true)
	games, players := make([]string, 2), []*player{slow.player(), fast.player()}
	for i, p := range players {
		games[i] = p.create()
		p.bet(games[i], "pass_line", 10)
		if _, err := p.games.RollDice(p.ctx, &gamev1.RollDiceRequest{GameId: games[i]}); errs.Reason(err) != errorsv1.Reason_REASON_NO_QUORUM {
			t.Fatalf("roll without validators: %v", err)
		}
	}
	slow.validators.setUnavailable(false)
	advance(time.Second, slow, fast) // Too early for the slow replica's own sweeper.
	testserver.Eventually(t, "the end of the slow replica's round", func() bool { return !players[0].get(games[0]).GetRolling() })
	fast.stop()
	players[1] = players[1].via(slow)
	advance(skew+time.Second, slow)
	testserver.Eventually(t, "the end of the fast replica's round", func() bool { return !players[1].get(games[1]).GetRolling() })
	for i, p := range players {
		p.wantSettledOnce(games[i])
	}
	slow.audit()
}

// TestRequestIsRememberedDespiteClockSkew retries a request at both replicas just before the promised time is over.
func TestRequestIsRememberedDespiteClockSkew(t *testing.T) {
	slow, fast := newReplicas(t)
	alice, memory := slow.player(), game.Default().Tables.RequestMemory
	id := alice.create()
	place := func(ts *testService, request, wager string) (*gamev1.PlaceBetResponse, error) {
		p := alice.via(ts)
		return p.games.PlaceBet(p.ctx, &gamev1.PlaceBetRequest{GameId: id, BetType: wager, Amount: 5, RequestId: request})
	}
	if _, err := place(slow, "older", "field"); err != nil {
		t.Fatal(err)
	}
	advance(3*time.Second, slow, fast)
	want, err := place(slow, "younger", "hard_6")
	if err != nil {
		t.Fatal(err)
	}
	advance(memory-2*time.Second, slow, fast)
	testserver.Eventually(t, "forgetting the older request", func() bool {
		_, err := place(fast, "older", "field")
		return errs.Reason(err) == errorsv1.Reason_REASON_GAME_CLOSED
	})
	for _, ts := range []*testService{slow, fast} {
		if got, err := place(ts, "younger", "hard_6"); err != nil || !proto.Equal(got, want) {
			t.Errorf("again within %s: %v, %v", memory, got, err)
		}
	}
	slow.audit()
}

// TestPagesMissNothingFromSlowClock adds a bet and a game at the slow replica while lists are being read whose items are from the fast
// one. The new items have smaller ids: they appear on later pages, and no older item is missing.
func TestPagesMissNothingFromSlowClock(t *testing.T) {
	slow, fast := newReplicas(t)
	alice := fast.player()
	later := alice.via(slow)
	games := []string{alice.create(), alice.create(), alice.create()}
	for _, wager := range []string{"field", "hard_4", "hard_6"} {
		alice.bet(games[0], wager, 1)
	}
	first, err := alice.games.ListBets(alice.ctx, &gamev1.ListBetsRequest{GameId: games[0], PageSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	tables, err := alice.games.ListGames(alice.ctx, &gamev1.ListGamesRequest{PageSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	later.bet(games[0], "hard_8", 1)
	games = append(games, later.create())
	var wagers, open []string
	for _, bet := range append(first.GetBets(), later.bets(games[0], 2, first.GetNextPageToken())...) {
		wagers = append(wagers, bet.GetBetType())
	}
	for _, table := range append(tables.GetGames(), later.openGames(tables.GetNextPageToken())...) {
		open = append(open, table.GetGameId())
	}
	if want := []string{"hard_6", "hard_4", "field", "hard_8"}; !slices.Equal(wagers, want) {
		t.Errorf("bets %v, want %v", wagers, want)
	}
	if want := []string{games[2], games[1], games[0], games[3]}; !slices.Equal(open, want) {
		t.Errorf("games %v, want %v", open, want)
	}
	if entries := alice.entries(2); entries[0].GetBetId() != later.bets(games[0], 1, "")[3].GetBetId() {
		t.Errorf("the wallet's newest entry is %v", entries[0])
	}
}
