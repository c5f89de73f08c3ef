package rpcclient_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	bundlev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/bundle/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// croupier is a game server whose answer to a bet depends on its type. The answer's bet has the caller's player.
type croupier struct {
	gamev1.UnimplementedGameServiceServer
	blocked chan struct{} // Receives a value for each bet of the type "block" that has arrived.
	release chan struct{} // Closed when those may end.

	mu      sync.Mutex
	seen    map[string]int // Bets by their type.
	bundled int            // Bets that arrived in bundles.
}

func newCroupier() *croupier {
	return &croupier{blocked: make(chan struct{}, 1000), release: make(chan struct{}), seen: make(map[string]int)}
}

func (c *croupier) PlaceBet(ctx context.Context, req *gamev1.PlaceBetRequest) (*gamev1.PlaceBetResponse, error) {
	c.mu.Lock()
	c.seen[req.GetBetType()]++
	if method, _ := grpc.Method(ctx); strings.HasSuffix(method, "MakeCalls") {
		c.bundled++
	}
	c.mu.Unlock()
	switch req.GetBetType() {
	case "block":
		c.blocked <- struct{}{}
		<-c.release
	case "left":
		deadline, _ := ctx.Deadline()
		return &gamev1.PlaceBetResponse{Balance: int64(time.Until(deadline))}, nil
	case "refused":
		return nil, errs.New(errorsv1.Reason_REASON_GAME_FULL, "full").Field("game_id", "is full").WithMetadata("seats", 8).RetryAfter(time.Second)
	case "hidden":
		return nil, errs.New(errorsv1.Reason_REASON_GAME_FULL, "full").WithCause(errors.New("nine of eight"))
	case "panic":
		panic("the dice fell down")
	case "deadline":
		if _, ok := ctx.Deadline(); !ok {
			return nil, errors.New("no deadline")
		}
		return nil, context.DeadlineExceeded
	case "metadata":
		if md, _ := metadata.FromOutgoingContext(ctx); len(md) > 0 {
			return nil, errors.New("the caller's metadata would go on")
		}
	}
	caller := identity.FromContext(ctx)
	return &gamev1.PlaceBetResponse{Balance: req.GetAmount(),
		Bet: &gamev1.Bet{PlayerId: caller.Player.String(), BetType: caller.Service + " " + telemetry.RequestID(ctx)}}, nil
}

// behindAnother makes calls while another one is in flight, which ends after all of them.
func behindAnother(t *testing.T, c *croupier, client gamev1.GameServiceClient, calls ...func()) {
	t.Helper()
	var first, all sync.WaitGroup
	first.Go(func() {
		if _, err := client.PlaceBet(asPlayer(t), betOn("block")); err != nil {
			t.Error(err)
		}
	})
	<-c.blocked
	for _, call := range calls {
		all.Go(call)
	}
	all.Wait()
	close(c.release)
	first.Wait()
}

func betOn(wager string) *gamev1.PlaceBetRequest {
	return &gamev1.PlaceBetRequest{GameId: uuid.NewString(), BetType: wager, Amount: 10}
}

// TestBundledCallEndsLikeOneAlone makes each call alone and while another one is in flight.
func TestBundledCallEndsLikeOneAlone(t *testing.T) {
	for name, tc := range map[string]struct {
		req *gamev1.PlaceBetRequest
		ctx func(*testing.T) context.Context
	}{
		"answer":                               {betOn("field"), asPlayer},
		"refusal with details":                 {betOn("refused"), asPlayer},
		"hidden cause":                         {betOn("hidden"), asPlayer},
		"panic":                                {betOn("panic"), asPlayer},
		"deadline":                             {betOn("deadline"), asPlayer},
		"metadata of the caller stays its own": {betOn("metadata"), asPlayer},
		"breaks the contract":                  {&gamev1.PlaceBetRequest{GameId: "x", Amount: -1}, asPlayer},
		"no player":                            {betOn("field"), (*testing.T).Context},
		"a session with a role": {betOn("field"), func(t *testing.T) context.Context {
			return identity.OnBehalfOf(t.Context(), identity.Caller{Player: uuid.Must(uuid.NewV7()), Session: uuid.Must(uuid.NewV7()), Scopes: 4, Role: 1})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCroupier()
			client := gamev1.NewGameServiceClient(dial(t, serve(t, c, rpcserver.Default())))
			ctx := telemetry.WithRequestID(tc.ctx(t), "r1")
			want, wantErr := client.PlaceBet(ctx, tc.req)
			var got *gamev1.PlaceBetResponse
			var err error
			behindAnother(t, c, client, func() { got, err = client.PlaceBet(ctx, tc.req) })
			if got.String() != want.String() {
				t.Errorf("answer = %v, by itself %v", got, want)
			}
			if got, want := status.Convert(err).Proto().String(), status.Convert(wantErr).Proto().String(); got != want {
				t.Errorf("error = %s, by itself %s", got, want)
			}
			if wantErr == nil && c.bundled != 1 {
				t.Errorf("%d calls came in bundles", c.bundled)
			}
		})
	}
}

// TestOneBadCallOfABundleFailsAlone has many players call concurrently. Each gets the answer to his own call, whatever the others sent.
func TestOneBadCallOfABundleFailsAlone(t *testing.T) {
	bad := map[int]*gamev1.PlaceBetRequest{
		3:  betOn("panic"),
		7:  {GameId: "x", Amount: -1},
		11: betOn("\xff"),
		19: betOn(strings.Repeat("x", 10_000)),
		23: betOn("refused"),
	}
	c := newCroupier()
	client := gamev1.NewGameServiceClient(dial(t, serve(t, c, rpcserver.Default())))
	var calls []func()
	for i := range 300 {
		calls = append(calls, func() {
			player := uuid.Must(uuid.NewV7())
			req, wrong := bad[i]
			if !wrong {
				req = betOn("field")
			}
			req.Amount += int64(i)
			resp, err := client.PlaceBet(identity.WithPlayer(t.Context(), player), req)
			if wrong != (err != nil) || err == nil && (resp.GetBet().GetPlayerId() != player.String() || resp.GetBalance() != req.GetAmount()) {
				t.Errorf("call %d of %s: %v, %v", i, player, resp, err)
			}
		})
	}
	behindAnother(t, c, client, calls...)
	if c.bundled < 290 {
		t.Errorf("%d calls came in bundles", c.bundled)
	}
}

// TestServerWithoutBundlesAnswers calls a server of the previous release.
func TestServerWithoutBundlesAnswers(t *testing.T) {
	server, err := rpcserver.New(rpcserver.Default(), mtls.Config{}, telemetry.Discard().For("game", 0))
	if err != nil {
		t.Fatal(err)
	}
	c := newCroupier()
	gamev1.RegisterGameServiceServer(server.GRPC, c)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.GRPC.Stop)
	client := gamev1.NewGameServiceClient(dial(t, listener.Addr().String()))
	behindAnother(t, c, client, func() {
		if _, err := client.PlaceBet(asPlayer(t), betOn("field")); err != nil {
			t.Error(err)
		}
	})
	if c.bundled != 0 {
		t.Errorf("%d calls came in bundles", c.bundled)
	}
}

// TestOnlyBundledMethodsMayBeBundled sends bundles that no client of ours would send.
func TestOnlyBundledMethodsMayBeBundled(t *testing.T) {
	client := bundlev1.NewBundleServiceClient(dial(t, serve(t, newCroupier(), rpcserver.Default())))
	minute := durationpb.New(time.Minute)
	resp, err := client.MakeCalls(t.Context(), &bundlev1.MakeCallsRequest{Calls: []*bundlev1.Call{
		{Method: "/bitcraps.game.v1.GameService/GetGame", Timeout: minute},
		{Method: "/bitcraps.bundle.v1.BundleService/MakeCalls", Timeout: minute},
		{Method: "/bitcraps.game.v1.GameService/PlaceBet", Timeout: minute, Metadata: []string{"a key"}},
		{Method: "/bitcraps.game.v1.GameService/PlaceBet", Timeout: minute, Metadata: []string{"key", strings.Repeat("x", 513)}},
		{Method: "/bitcraps.game.v1.GameService/PlaceBet", Timeout: minute, Request: []byte("nonsense")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []codes.Code{codes.Unimplemented, codes.Unimplemented, codes.Internal, codes.Internal, codes.Internal} {
		var st statuspb.Status
		if err := proto.Unmarshal(resp.Answers[i].GetStatus(), &st); err != nil || codes.Code(st.GetCode()) != want {
			t.Errorf("call %d: %v, %v; want %s", i, &st, err, want)
		}
	}
}

// TestWaitingCallMayBeCancelled cancels a call while another one is in flight. The call is then not made.
func TestWaitingCallMayBeCancelled(t *testing.T) {
	c := newCroupier()
	client := gamev1.NewGameServiceClient(dial(t, serve(t, c, rpcserver.Default())))
	behindAnother(t, c, client, func() {
		ctx, cancel := context.WithCancel(asPlayer(t))
		cancel()
		if _, err := client.PlaceBet(ctx, betOn("gone")); status.Code(err) != codes.Canceled {
			t.Error(err)
		}
		if _, err := client.PlaceBet(asPlayer(t), betOn("field")); err != nil { // In the same bundle, or in a later one.
			t.Error(err)
		}
	})
	if n := c.seen["gone"]; n > 0 {
		t.Errorf("it was made %d times", n)
	}
}

// TestBundledCallHasItsOwnDeadline bundles a call with one that has a later deadline.
func TestBundledCallHasItsOwnDeadline(t *testing.T) {
	c := newCroupier()
	client := gamev1.NewGameServiceClient(dial(t, serve(t, c, rpcserver.Default())))
	left := func(given time.Duration) func() {
		return func() {
			ctx, cancel := context.WithTimeout(asPlayer(t), given)
			defer cancel()
			resp, err := client.PlaceBet(ctx, betOn("left"))
			if got := time.Duration(resp.GetBalance()); err != nil || got > given || got < given/2 {
				t.Errorf("%v, with %v left of %v", err, got, given)
			}
		}
	}
	behindAnother(t, c, client, left(10*time.Minute), left(20*time.Minute))
}

// TestHangingCallsDoNotBlockOthers has more hanging calls than a bundle holds, and makes one that does not hang.
func TestHangingCallsDoNotBlockOthers(t *testing.T) {
	const hang = 400
	c := newCroupier()
	client := gamev1.NewGameServiceClient(dial(t, serve(t, c, rpcserver.Default())))
	ctx, cancel := context.WithTimeout(asPlayer(t), 20*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for range hang {
		all.Go(func() {
			if _, err := client.PlaceBet(ctx, betOn("block")); err != nil {
				t.Error(err)
			}
		})
	}
	for n := range hang {
		select {
		case <-c.blocked:
		case <-ctx.Done():
			t.Fatalf("%d of %d arrived", n, hang)
		}
	}
	if _, err := client.PlaceBet(ctx, betOn("field")); err != nil {
		t.Error(err)
	}
	close(c.release)
	all.Wait()
}

// TestTooLargeBundleIsSentCallByCall calls a server that is configured to accept only small messages.
func TestTooLargeBundleIsSentCallByCall(t *testing.T) {
	cfg := rpcserver.Default()
	cfg.MaxMessageBytes = 4 << 10
	c := newCroupier()
	client := gamev1.NewGameServiceClient(dial(t, serve(t, c, cfg)))
	var calls []func()
	for range 200 {
		calls = append(calls, func() {
			if _, err := client.PlaceBet(asPlayer(t), bet("field")); err != nil {
				t.Error(err)
			}
		})
	}
	behindAnother(t, c, client, calls...)
}

// overwhelmed makes the calls of a bundle, and fails as gRPC does where the answers are too large.
type overwhelmed struct {
	bundlev1.UnimplementedBundleServiceServer
	*croupier
}

func (o overwhelmed) MakeCalls(ctx context.Context, req *bundlev1.MakeCallsRequest) (*bundlev1.MakeCallsResponse, error) {
	for _, call := range req.GetCalls() {
		bet := &gamev1.PlaceBetRequest{}
		if err := proto.Unmarshal(call.GetRequest(), bet); err != nil {
			return nil, err
		}
		if _, err := o.PlaceBet(ctx, bet); err != nil {
			return nil, err
		}
	}
	return nil, status.Error(codes.ResourceExhausted, "grpc: received message larger than max")
}

// TestOnlyCallsWithRequestIDAreRepeated makes one call with a request id and one without.
func TestOnlyCallsWithRequestIDAreRepeated(t *testing.T) {
	c, server := newCroupier(), grpc.NewServer()
	gamev1.RegisterGameServiceServer(server, c)
	bundlev1.RegisterBundleServiceServer(server, overwhelmed{croupier: c})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	client := gamev1.NewGameServiceClient(dial(t, listener.Addr().String()))
	behindAnother(t, c, client, func() {
		if _, err := client.PlaceBet(asPlayer(t), bet("id")); err != nil {
			t.Error(err)
		}
	}, func() {
		if _, err := client.PlaceBet(asPlayer(t), betOn("without an id")); errs.Reason(err) != errorsv1.Reason_REASON_UNAVAILABLE {
			t.Error(err)
		}
	})
	if c.seen["field"] != 2 || c.seen["without an id"] != 1 {
		t.Errorf("seen: %v", c.seen)
	}
}

// TestBundledCallIsInItsCallersTrace checks that the server's span of each call is a child of its caller's span.
func TestBundledCallIsInItsCallersTrace(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	traced := telemetry.Discard().For("game", 0)
	traced.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	c := newCroupier()
	client := gamev1.NewGameServiceClient(dial(t, serveAs(t, c, rpcserver.Default(), traced)))
	var calls []func()
	callers := map[trace.SpanID]bool{}
	for range 10 {
		ctx, span := traced.Tracer.Tracer("test").Start(asPlayer(t), "caller")
		callers[span.SpanContext().SpanID()] = true
		calls = append(calls, func() {
			if _, err := client.PlaceBet(ctx, betOn("field")); err != nil {
				t.Error(err)
			}
		})
	}
	behindAnother(t, c, client, calls...)
	for _, span := range spans.Ended() {
		if strings.HasSuffix(span.Name(), "PlaceBet") {
			delete(callers, span.Parent().SpanID())
		}
	}
	if len(callers) > 0 {
		t.Errorf("%d of 10 calls have no span at the server", len(callers))
	}
}

// BenchmarkBundle measures a call among 64 callers of a server that does nothing, with bundles and without.
func BenchmarkBundle(b *testing.B) {
	for name, contracts := range map[string][]string{"bundled": {"bitcraps.game.v1.GameService"}, "alone": nil} {
		b.Run(name, func(b *testing.B) {
			client := gamev1.NewGameServiceClient(dialFor(b, contracts, serve(b, newCroupier(), rpcserver.Default())))
			ctx := identity.WithPlayer(b.Context(), uuid.Must(uuid.NewV7()))
			b.SetParallelism(64 / runtime.GOMAXPROCS(0))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := client.PlaceBet(ctx, betOn("field")); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
