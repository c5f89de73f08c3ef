package game_test

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/memnet"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/service/servicetest"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game"
)

// validators are fakes that answer as a test wants. The e2e tests of services/bitcraps use real ones.
type validators struct {
	consensusv1.ConsensusServiceClient
	mu          sync.Mutex
	unavailable bool
	hung        int // The number of calls that will get no answer.
}

// DecideRound returns a beacon that follows from the commitment, unless the validators are unavailable.
func (v *validators) DecideRound(ctx context.Context, req *consensusv1.DecideRoundRequest, _ ...grpc.CallOption) (*consensusv1.DecideRoundResponse, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.hung > 0 {
		v.hung--
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if v.unavailable {
		return nil, errs.New(errorsv1.Reason_REASON_NO_QUORUM, "away").GRPCStatus().Err()
	}
	signature := sha512.Sum384(req.GetCommitment()) // As long as a real one.
	return &consensusv1.DecideRoundResponse{Decision: &consensusv1.Decision{Commitment: req.GetCommitment(), Height: 1,
		Beacon: &consensusv1.Beacon{Height: 2, Signature: hex.EncodeToString(signature[:])}}}, nil
}

func (v *validators) setUnavailable(unavailable bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.unavailable = unavailable
}

// testService is the service under test, with fake validators and a fake clock.
type testService struct {
	t          *testing.T
	path       string
	postgres   string // The database that replicas share, instead of a file.
	redis      string // The server that replicas share; with it the service uses the real clock, as Redis does.
	clock      *clockwork.FakeClock
	telemetry  *telemetry.Telemetry
	validators *validators
	network    *memnet.Network
	svc        *game.Service
	stop       func()
}

func newTestService(t *testing.T) *testService {
	t.Helper()
	ts := &testService{t: t, path: filepath.Join(t.TempDir(), "game.db"), clock: clockwork.NewFakeClock(), validators: &validators{}}
	ts.start()
	return ts
}

func (ts *testService) url() string {
	if ts.postgres != "" {
		return ts.postgres
	}
	return "sqlite://" + ts.path
}

func (ts *testService) start() {
	ts.t.Helper()
	cfg := game.Default()
	cfg.Database.URL = ts.url()
	if _, _, err := game.Migrate(ts.t.Context(), cfg.Database); err != nil {
		ts.t.Fatal(err)
	}
	clock := clockwork.Clock(ts.clock)
	if cfg.Redis.URL = ts.redis; cfg.Redis.Enabled() {
		clock = clockwork.NewRealClock()
	}
	var err error
	ts.telemetry = telemetry.Discard()
	if ts.svc, err = game.New(ts.t.Context(), cfg, game.Deps{Consensus: ts.validators, Clock: clock}, ts.telemetry.For("game", 0)); err != nil {
		ts.t.Fatal(err)
	}
	ts.network = memnet.New()
	ts.stop = servicetest.Serve(ts.t, ts.network, "game", ts.svc)
}

// player is a signed-in player's view of the service.
type player struct {
	*testService
	id         uuid.UUID
	ctx        context.Context
	games      gamev1.GameServiceClient
	ledger     gamev1.LedgerServiceClient
	protection gamev1.ProtectionServiceClient
	lobby      gamev1.LobbyServiceClient
}

func (ts *testService) player() *player {
	p := &player{testService: ts, id: uuid.Must(uuid.NewV7())}
	p.ctx = identity.WithPlayer(ts.t.Context(), p.id)
	p.dial()
	return p
}

func (p *player) dial() {
	conn := servicetest.Dial(p.t, p.network, identity.Gateway, rpcclient.Target{Service: identity.Game, Contracts: []string{"bitcraps.game.v1.GameService"}}, "game")
	p.lobby = gamev1.NewLobbyServiceClient(conn)
	p.games, p.ledger, p.protection = gamev1.NewGameServiceClient(conn), gamev1.NewLedgerServiceClient(conn), gamev1.NewProtectionServiceClient(conn)
}

func (p *player) create() string {
	p.t.Helper()
	resp, err := p.games.CreateGame(p.ctx, &gamev1.CreateGameRequest{})
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.GetGame().GetGameId()
}

func (p *player) bet(gameID, wager string, amount int64) {
	p.t.Helper()
	if _, err := p.games.PlaceBet(p.ctx, &gamev1.PlaceBetRequest{GameId: gameID, BetType: wager, Amount: amount}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *player) get(gameID string) *gamev1.Game {
	p.t.Helper()
	resp, err := p.games.GetGame(p.ctx, &gamev1.GetGameRequest{GameId: gameID})
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.GetGame()
}

func (p *player) balance() int64 {
	p.t.Helper()
	resp, err := p.ledger.GetWallet(p.ctx, &gamev1.GetWalletRequest{})
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.GetBalance()
}

// advanceUntil advances the clock in steps, each once both loops of the sweeper and the census wait for the next tick, until the condition holds.
func (ts *testService) advanceUntil(step time.Duration, what string, condition func() bool) {
	ts.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !condition() {
		if time.Now().After(deadline) {
			ts.t.Fatalf("%s did not happen in time", what)
		}
		if err := ts.clock.BlockUntilContext(ts.t.Context(), 3); err != nil {
			ts.t.Fatal(err)
		}
		ts.clock.Advance(step)
	}
}

func (ts *testService) audit() {
	ts.t.Helper()
	conn := servicetest.Dial(ts.t, ts.network, identity.Operator, rpcclient.Target{Service: identity.Game, Contracts: []string{"bitcraps.game.v1.LedgerService"}}, "game")
	audit, err := gamev1.NewLedgerServiceClient(conn).AuditLedger(ts.t.Context(), &gamev1.AuditLedgerRequest{})
	if err != nil || !audit.GetBalanced() || audit.GetTransfers() == 0 {
		ts.t.Errorf("audit = %v, %v", audit, err)
	}
}

func TestIdleGamesExpire(t *testing.T) {
	ts := newTestService(t)
	alice := ts.player()
	id := alice.create()
	alice.bet(id, "pass_line", 100)
	ts.advanceUntil(time.Minute, "expiry", func() bool { return alice.get(id).GetStatus() == gamev1.GameStatus_GAME_STATUS_EXPIRED })
	if balance := alice.balance(); balance != 1000 {
		t.Errorf("balance = %d", balance)
	}
	ts.audit()
}

func TestHouseRollsForShooterWhoLeft(t *testing.T) {
	ts := newTestService(t)
	alice := ts.player()
	id := alice.create()
	for alice.get(id).GetPhase() != gamev1.Phase_PHASE_POINT {
		alice.bet(id, "pass_line", 1)
		if _, err := alice.games.RollDice(alice.ctx, &gamev1.RollDiceRequest{GameId: id}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := alice.games.LeaveGame(alice.ctx, &gamev1.LeaveGameRequest{GameId: id}); err != nil {
		t.Fatal(err)
	}
	ts.advanceUntil(10*time.Second, "the end of the hand", func() bool { return alice.get(id).GetStatus() == gamev1.GameStatus_GAME_STATUS_COMPLETED })
	ts.audit()
}

func TestRoundsAreResumedAfterRestart(t *testing.T) {
	ts := newTestService(t)
	alice := ts.player()
	id := alice.create()
	alice.bet(id, "pass_line", 100)
	ts.validators.setUnavailable(true)
	_, err := alice.games.RollDice(alice.ctx, &gamev1.RollDiceRequest{GameId: id, RequestId: "r"})
	if errs.Reason(err) != errorsv1.Reason_REASON_NO_QUORUM {
		t.Fatalf("roll without validators: %v", err)
	}
	before, err := alice.games.GetRound(alice.ctx, &gamev1.GetRoundRequest{GameId: id, Round: 1})
	if err != nil {
		t.Fatal(err)
	}
	ts.stop()
	ts.validators.setUnavailable(false)
	ts.start()
	alice.dial()
	ts.advanceUntil(time.Second, "settlement", func() bool { return !alice.get(id).GetRolling() })
	after, err := alice.games.GetRound(alice.ctx, &gamev1.GetRoundRequest{GameId: id, Round: 1})
	if err != nil || after.GetRound().GetCommitment() != before.GetRound().GetCommitment() || after.GetRound().GetStatus() != gamev1.RoundStatus_ROUND_STATUS_SETTLED {
		t.Errorf("round %v became %v, %v", before, after, err)
	}
	rolled, err := alice.games.RollDice(alice.ctx, &gamev1.RollDiceRequest{GameId: id, RequestId: "r"})
	if err != nil || rolled.GetRound() != 1 {
		t.Errorf("the same request after the restart: %v, %v", rolled, err)
	}
	ts.audit()
}

func TestHangingValidatorOnlyDelaysRoll(t *testing.T) {
	ts := newTestService(t)
	alice := ts.player()
	id := alice.create()
	alice.bet(id, "pass_line", 1)
	ts.validators.hung = 1
	resp, err := alice.games.RollDice(alice.ctx, &gamev1.RollDiceRequest{GameId: id})
	if err != nil || resp.GetRound() != 1 {
		t.Errorf("roll = %v, %v", resp, err)
	}
	ts.audit()
}

func TestConcurrentRollsAreOneRound(t *testing.T) {
	ts := newTestService(t)
	alice := ts.player()
	id := alice.create()
	alice.bet(id, "hard_4", 1)
	alice.bet(id, "pass_line", 1)
	var wg sync.WaitGroup
	rounds := make([]int64, 8)
	for i := range rounds {
		wg.Go(func() {
			resp, err := alice.games.RollDice(alice.ctx, &gamev1.RollDiceRequest{GameId: id, RequestId: "the same"})
			if err != nil {
				t.Error(err)
			}
			rounds[i] = resp.GetRound()
		})
	}
	wg.Wait()
	for _, round := range rounds {
		if round != 1 {
			t.Errorf("rounds %v", rounds)
		}
	}
	if round := alice.get(id).GetRound(); round != 2 {
		t.Errorf("the next round is %d", round)
	}
	ts.audit()
}

func TestSlowWatchersAreDisconnectedAndResume(t *testing.T) {
	ts := newTestService(t)
	alice := ts.player()
	id := alice.create()
	ctx, cancel := context.WithCancel(alice.ctx)
	defer cancel()
	stream, err := alice.games.WatchGame(ctx, &gamev1.WatchGameRequest{GameId: id})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Header(); err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	for range 700 { // More than the watcher's buffer and the connection hold together.
		alice.bet(id, "hard_4", 1)
		bets, err := alice.games.ListBets(alice.ctx, &gamev1.ListBetsRequest{GameId: id, Status: gamev1.BetStatus_BET_STATUS_LIVE})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := alice.games.RemoveBet(alice.ctx, &gamev1.RemoveBetRequest{GameId: id, BetId: bets.GetBets()[0].GetBetId()}); err != nil {
			t.Fatal(err)
		}
	}
	for {
		resp, err := stream.Recv()
		if err != nil {
			if errs.Reason(err) != errorsv1.Reason_REASON_SLOW_READER {
				t.Errorf("the stream ended with %v", err)
			}
			break
		}
		if resp.GetEvent().GetSequence() != last+1 {
			t.Fatalf("event %d follows %d", resp.GetEvent().GetSequence(), last)
		}
		last++
	}
	total := alice.get(id).GetSequence()
	if last == 0 || last == total {
		t.Fatalf("the watcher got %d of %d events; it should have been too slow", last, total)
	}
	again, err := alice.games.WatchGame(ctx, &gamev1.WatchGameRequest{GameId: id, AfterSequence: last})
	if err != nil {
		t.Fatal(err)
	}
	for last < total {
		resp, err := again.Recv()
		if err != nil || resp.GetEvent().GetSequence() != last+1 {
			t.Fatalf("event %d follows %d, %v", resp.GetEvent().GetSequence(), last, err)
		}
		last++
	}
}
