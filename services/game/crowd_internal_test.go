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

// blocked is a store whose transactions wait while the test has its lock.
type blocked struct {
	store.Store
	sync.Mutex

	waiting atomic.Int64
}

func (s *blocked) Update(ctx context.Context, do func(play.Tx) error) error {
	s.waiting.Add(1)
	s.Lock()
	defer s.Unlock()
	s.waiting.Add(-1)
	return s.Store.Update(ctx, do)
}

// crowd are players who call a served service whose transactions the test holds up.
type crowd struct {
	byHand
	store   *blocked
	games   gamev1.GameServiceClient
	game    string
	waiting sync.WaitGroup
}

func newCrowd(t *testing.T, commit Commit) *crowd {
	t.Helper()
	s, transactions := newByHand(t, func(cfg *Config) { cfg.Commit = commit })
	held, network := &blocked{Store: transactions}, memnet.New()
	s.store = held
	servicetest.Serve(t, network, "game", s)
	conn := servicetest.Dial(t, network, identity.Gateway, rpcclient.Target{Service: identity.Game, Contracts: []string{"bitcraps.game.v1.GameService"}}, "game")
	return &crowd{byHand: s, store: held, games: gamev1.NewGameServiceClient(conn)}
}

func (c *crowd) bet(player uuid.UUID, wager string) (*gamev1.PlaceBetResponse, error) {
	return c.games.PlaceBet(identity.WithPlayer(c.t.Context(), player), &gamev1.PlaceBetRequest{GameId: c.game, BetType: wager, Amount: 10, RequestId: wager})
}

func (c *crowd) join(player uuid.UUID) error {
	_, err := c.games.JoinGame(identity.WithPlayer(c.t.Context(), player), &gamev1.JoinGameRequest{GameId: c.game})
	return err
}

// waits has a player place a bet that is there once so many changes are in the queue.
func (c *crowd) waits(player uuid.UUID, wager string, queued int) {
	c.waiting.Go(func() {
		if _, err := c.bet(player, wager); err != nil {
			c.t.Errorf("%s, for which there was room: %v", wager, err)
		}
	})
	for c.store.waiting.Load() != 1 || c.commits.queue.Len() != queued {
		runtime.Gosched()
	}
}

// refused fails where an error does not say that there is too much to do, and when to come back.
func (c *crowd) refused(what string, err error) {
	c.t.Helper()
	said := status.Convert(err)
	var reason string
	var retry *errdetails.RetryInfo
	for _, detail := range said.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			reason = detail.GetReason()
		case *errdetails.RetryInfo:
			retry = detail
		}
	}
	if said.Code() != codes.ResourceExhausted || reason != "OVERLOADED" || retry.GetRetryDelay().AsDuration() != retryDelay {
		c.t.Errorf("%s: %v with reason %q and %v, want RESOURCE_EXHAUSTED, OVERLOADED and %v", what, err, reason, retry, retryDelay)
	}
}

// has fails where a player's stored bets are not these of 10 each, or where anything else moved the wallet.
func (c *crowd) has(player uuid.UUID, wagers ...string) {
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
