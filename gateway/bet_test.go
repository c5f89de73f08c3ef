package gateway

import (
	"context"
	"crypto/ed25519"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/token"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// fakeTable is a game service that accepts every bet at once.
type fakeTable struct {
	gamev1.UnimplementedGameServiceServer
}

func (fakeTable) PlaceBet(ctx context.Context, req *gamev1.PlaceBetRequest) (*gamev1.PlaceBetResponse, error) {
	return &gamev1.PlaceBetResponse{Balance: 1000 - req.GetAmount(), Bet: &gamev1.Bet{
		BetId: req.GetGameId(), GameId: req.GetGameId(), PlayerId: identity.FromContext(ctx).Player.String(), BetType: req.GetBetType(),
		Amount: req.GetAmount(), Status: gamev1.BetStatus_BET_STATUS_LIVE, PlacedAt: timestamppb.Now(),
	}}, nil
}

// discardWriter is a ResponseWriter that discards the body.
type discardWriter struct {
	header http.Header
	status int
}

func (w *discardWriter) Header() http.Header              { return w.header }
func (w *discardWriter) Write(b []byte) (int, error)      { return len(b), nil }
func (w *discardWriter) WriteHeader(status int)           { w.status = status }
func (*discardWriter) SetWriteDeadline(_ time.Time) error { return nil }

// newBetBenchmark returns a function that has a gateway in front of a game service serve one player's bet, and the bet's request.
func newBetBenchmark(tb testing.TB, game grpc.ClientConnInterface) (bet func(*http.Request) (status int), r *http.Request) {
	tb.Helper()
	cfg, clock := Default(), clockwork.NewRealClock()
	cfg.Limits.Rates.Bet.PerMinute, cfg.Limits.Rates.Address.PerMinute = 6_000_000, 6_000_000
	g, err := New(tb.Context(), cfg, Deps{API: game, Game: game, Consensus: game, Clock: clock}, telemetry.Discard().For("gateway", 0))
	if err != nil {
		tb.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		tb.Fatal(err)
	}
	g.auth.verifier = token.NewVerifier(newKeySource(&keyPublisher{keys: map[string]ed25519.PublicKey{"a": public}}, clock), clock)
	g.auth.revocations.sessions = &endedSessions{}
	access, err := token.Key{ID: "a", Private: private}.Sign(token.Bearer{Player: uuid.New(), Session: uuid.New(), Role: optionsv1.Role_ROLE_PLAYER}, clock.Now(), clock.Now().Add(time.Hour))
	if err != nil {
		tb.Fatal(err)
	}
	r, err = http.NewRequestWithContext(tb.Context(), http.MethodPost, "http://127.0.0.1:8080/api/v1/games/"+uuid.NewString()+"/bets", http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	r.RemoteAddr, r.RequestURI = "127.0.0.1:40000", r.URL.Path
	r.Header = http.Header{"Content-Type": {"application/json"}, "Cookie": {sessionCookie + "=" + access}, "User-Agent": {"test"}, "Accept-Encoding": {"gzip"}}
	return func(r *http.Request) int {
		const body = `{"bet_type":"pass_line","amount":50}`
		w, again := &discardWriter{header: make(http.Header)}, *r
		again.Body, again.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		g.Handler().ServeHTTP(w, &again)
		return w.status
	}, r
}

// metadataRecorder is a game service that records the metadata of the last call.
type metadataRecorder struct {
	grpc.ClientConnInterface
	metadata metadata.MD
}

func (l *metadataRecorder) Invoke(ctx context.Context, _ string, _, _ any, _ ...grpc.CallOption) error {
	l.metadata, _ = metadata.FromOutgoingContext(ctx)
	return nil
}

func TestHeadersAreNotForwardedAsMetadata(t *testing.T) {
	game := &metadataRecorder{}
	bet, r := newBetBenchmark(t, game)
	r.Header.Set("X-Forwarded-For", "203.0.113.5")
	r.Header.Set("Grpc-Metadata-Bitcraps-Service", "operator")
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	if status := bet(r); status != http.StatusCreated || len(game.metadata) > 0 {
		t.Errorf("status %d, metadata %v", status, game.metadata)
	}
}

// BenchmarkBet measures the gateway's share of a bet in one process: everything except net/http and the game service.
func BenchmarkBet(b *testing.B) {
	server, err := rpcserver.New(rpcserver.Default(), mtls.Config{}, telemetry.Discard().For("game", 0))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(server.GRPC.Stop)
	gamev1.RegisterGameServiceServer(server, fakeTable{})
	bet, r := newBetBenchmark(b, rpcclient.NewLocal(identity.Gateway, server, time.Second, nil))
	b.ReportAllocs()
	for b.Loop() {
		if status := bet(r); status != http.StatusCreated {
			b.Fatalf("status %d", status)
		}
	}
}
