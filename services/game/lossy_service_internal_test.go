package game

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/testserver"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// fakeValidators decide every round, with dice that follow from the commitment.
type fakeValidators struct {
	consensusv1.ConsensusServiceClient
}

func (fakeValidators) DecideRound(_ context.Context, req *consensusv1.DecideRoundRequest, _ ...grpc.CallOption) (*consensusv1.DecideRoundResponse, error) {
	signature := sha512.Sum384(req.GetCommitment())
	return &consensusv1.DecideRoundResponse{Decision: &consensusv1.Decision{Commitment: req.GetCommitment(), Height: 1,
		Beacon: &consensusv1.Beacon{Height: 2, Signature: hex.EncodeToString(signature[:])}}}, nil
}

// lossyService is a service whose database can lose the reply to a commit, and a player who calls it.
type lossyService struct {
	manualService
	cut    *testserver.FaultProxy
	games  *gameServer
	player uuid.UUID
	ctx    context.Context
}

func newLossyService(t *testing.T) *lossyService {
	t.Helper()
	l := &lossyService{player: uuid.Must(uuid.NewV7())}
	l.manualService, _ = newManualService(t, func(cfg *Config) {
		onPostgres(t, cfg)
		l.cut = testserver.NewFaultProxy(t, cfg.Database.URL)
		cfg.Database.URL = l.cut.URL()
	})
	l.consensus = fakeValidators{}
	l.games, l.ctx = &gameServer{Service: l.Service}, identity.WithPlayer(t.Context(), l.player)
	l.committer.start()
	t.Cleanup(l.committer.stop)
	return l
}

// loseReply makes a call and loses the reply to one of its commits: the call must fail with UNAVAILABLE.
func (l *lossyService) loseReply(commit int64, call func() error) {
	l.t.Helper()
	l.cut.DropCommitAnswer(commit)
	if err := call(); errs.Reason(err) != errorsv1.Reason_REASON_UNAVAILABLE {
		l.t.Fatalf("a call whose commit got no reply: %v", err)
	}
}

// newTable creates a table at which the player sits.
func (l *lossyService) newTable() string {
	l.t.Helper()
	resp, err := l.games.CreateGame(l.ctx, &gamev1.CreateGameRequest{})
	if err != nil {
		l.t.Fatal(err)
	}
	return resp.GetGame().GetGameId()
}

func (l *lossyService) bet(game, wager string) (*gamev1.PlaceBetResponse, error) {
	return l.games.PlaceBet(l.ctx, &gamev1.PlaceBetRequest{GameId: game, BetType: wager, Amount: 10, RequestId: wager})
}

// bets places bets whose replies arrive.
func (l *lossyService) bets(game string, wagers ...string) {
	l.t.Helper()
	for _, wager := range wagers {
		if _, err := l.bet(game, wager); err != nil {
			l.t.Fatal(err)
		}
	}
}

// countEvents counts a game's events that match.
func (l *lossyService) countEvents(game string, matches func(*play.Event) bool) (n int) {
	l.t.Helper()
	events, err := l.store.Events(l.t.Context(), uuid.MustParse(game), 0, 1000)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, event := range events {
		if matches(event) {
			n++
		}
	}
	return n
}

// wantStakes fails unless the only changes of the player's wallet are the grant and this many stakes of 10.
func (l *lossyService) wantStakes(stakes int) {
	l.t.Helper()
	balance, _, err := l.store.Balance(l.t.Context(), ledger.Wallet(l.player))
	entries, errEntries := l.store.Entries(l.t.Context(), l.player, 0, 100)
	if err != nil || errEntries != nil || balance != int64(1000-10*stakes) || len(entries) != 1+stakes {
		l.t.Errorf("the wallet has a balance of %d after %d entries, %v %v; want %d stakes of 10", balance, len(entries), err, errEntries, stakes)
	}
	l.audit()
}
