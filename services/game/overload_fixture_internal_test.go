package game

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/memnet"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/service/servicetest"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store"
)

// blockingStore is a store whose transactions wait while the test holds its lock.
type blockingStore struct {
	store.Store
	sync.Mutex

	waiting atomic.Int64
}

func (s *blockingStore) Update(ctx context.Context, do func(play.Tx) error) error {
	s.waiting.Add(1)
	s.Lock()
	defer s.Unlock()
	s.waiting.Add(-1)
	return s.Store.Update(ctx, do)
}

// overloadFixture is a served service whose transactions the test can block, and a client of it.
type overloadFixture struct {
	manualService
	store   *blockingStore
	games   gamev1.GameServiceClient
	game    string
	waiting sync.WaitGroup
}

func newOverloadFixture(t *testing.T, commit Commit) *overloadFixture {
	t.Helper()
	s, transactions := newManualService(t, func(cfg *Config) { cfg.Commit = commit })
	held, network := &blockingStore{Store: transactions}, memnet.New()
	s.store = held
	servicetest.Serve(t, network, "game", s)
	conn := servicetest.Dial(t, network, identity.Gateway, rpcclient.Target{Service: identity.Game, Contracts: []string{"bitcraps.game.v1.GameService"}}, "game")
	return &overloadFixture{manualService: s, store: held, games: gamev1.NewGameServiceClient(conn)}
}

func (c *overloadFixture) bet(player uuid.UUID, wager string) (*gamev1.PlaceBetResponse, error) {
	return c.games.PlaceBet(identity.WithPlayer(c.t.Context(), player), &gamev1.PlaceBetRequest{GameId: c.game, BetType: wager, Amount: 10, RequestId: wager})
}

func (c *overloadFixture) join(player uuid.UUID) error {
	_, err := c.games.JoinGame(identity.WithPlayer(c.t.Context(), player), &gamev1.JoinGameRequest{GameId: c.game})
	return err
}

// betQueued starts to place a bet, and returns once the queue has this many changes.
func (c *overloadFixture) betQueued(player uuid.UUID, wager string, queued int) {
	c.waiting.Go(func() {
		if _, err := c.bet(player, wager); err != nil {
			c.t.Errorf("%s, for which the queue had room: %v", wager, err)
		}
	})
	for c.store.waiting.Load() != 1 || c.committer.queue.Len() != queued {
		runtime.Gosched()
	}
}

// wantOverloaded fails unless an error is OVERLOADED with the retry delay.
func (c *overloadFixture) wantOverloaded(what string, err error) {
	c.t.Helper()
	refusal := status.Convert(err)
	var reason string
	var retry *errdetails.RetryInfo
	for _, detail := range refusal.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			reason = detail.GetReason()
		case *errdetails.RetryInfo:
			retry = detail
		}
	}
	if refusal.Code() != codes.ResourceExhausted || reason != "OVERLOADED" || retry.GetRetryDelay().AsDuration() != retryDelay {
		c.t.Errorf("%s: %v with reason %q and %v, want RESOURCE_EXHAUSTED, OVERLOADED and %v", what, err, reason, retry, retryDelay)
	}
}

// wantBets fails unless a player's live bets are these, of 10 each, and nothing else changed the wallet.
func (c *overloadFixture) wantBets(player uuid.UUID, wagers ...string) {
	c.t.Helper()
	bets, err := c.store.Bets(c.t.Context(), uuid.MustParse(c.game), player, play.Live, uuid.Nil, 100)
	var found []string
	for _, bet := range slices.Backward(bets) {
		found = append(found, bet.Wager.Name)
	}
	entries, entriesErr := c.store.Entries(c.t.Context(), player, 0, 100)
	balance, _, balanceErr := c.store.Balance(c.t.Context(), ledger.Wallet(player))
	if err != nil || entriesErr != nil || balanceErr != nil || !slices.Equal(found, wagers) || len(entries) != 1+len(wagers) || balance != int64(1000-10*len(wagers)) {
		c.t.Errorf("bets %v, %d entries, balance %d, %v %v %v; want bets %v", found, len(entries), balance, err, entriesErr, balanceErr, wagers)
	}
}
