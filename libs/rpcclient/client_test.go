package rpcclient_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// TestKilledReplicaCostsARetry kills one of two replicas while it has calls in flight, for each kind of call.
func TestKilledReplicaCostsARetry(t *testing.T) {
	for name, tc := range map[string]struct {
		call func(context.Context, gamev1.GameServiceClient) error
		lost codes.Code
	}{
		"idempotent by contract": {func(ctx context.Context, c gamev1.GameServiceClient) error {
			_, err := c.GetGame(ctx, &gamev1.GetGameRequest{GameId: uuid.NewString()})
			return err
		}, codes.OK},
		"money with a request id": {func(ctx context.Context, c gamev1.GameServiceClient) error {
			_, err := c.PlaceBet(ctx, bet(uuid.NewString()))
			return err
		}, codes.OK},
		"money without one": {func(ctx context.Context, c gamev1.GameServiceClient) error {
			_, err := c.PlaceBet(ctx, bet(""))
			return err
		}, codes.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doomed, other := spawn(t, "hangs"), spawn(t, "answers")
			client := gamev1.NewGameServiceClient(dial(t, doomed.address, other.address))
			results := make(chan error)
			var calls sync.WaitGroup
			ctx := asPlayer(t)
			// Calls are made until the replica to be killed has one. Calls hang there until it is killed.
			for taken := false; !taken; {
				calls.Go(func() { results <- tc.call(ctx, client) })
				select {
				case <-doomed.took:
					taken = true
				case err := <-results:
					if err != nil {
						t.Fatalf("before anything happened: %v", err)
					}
				}
			}
			if err := doomed.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			go func() { calls.Wait(); close(results) }()
			lost := 0
			for err := range results {
				if status.Code(err) != tc.lost && err != nil {
					t.Errorf("a call that was in flight: %v", err)
				}
				if err != nil {
					lost++
				}
			}
			if (lost > 0) != (tc.lost != codes.OK) {
				t.Errorf("%d calls failed", lost)
			}
			for range 20 { // From here on no calls go to the killed replica.
				if err := tc.call(ctx, client); err != nil {
					t.Errorf("after it died: %v", err)
				}
			}
		})
	}
}

// TestReplicasAreReplacedOneAfterTheOther stops the second of two replicas as soon as the first is back, while the client waits before it
// tries to connect to that one again.
func TestReplicasAreReplacedOneAfterTheOther(t *testing.T) {
	for name, call := range map[string]func(context.Context, gamev1.GameServiceClient) error{
		"idempotent by contract": func(ctx context.Context, c gamev1.GameServiceClient) error {
			_, err := c.GetGame(ctx, &gamev1.GetGameRequest{GameId: uuid.NewString()})
			return err
		},
		"money with a request id": func(ctx context.Context, c gamev1.GameServiceClient) error {
			_, err := c.PlaceBet(ctx, bet(uuid.NewString()))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := newListener(t), newListener(t)
			stopSecond := serveOn(t, &replica{}, rpcserver.Default(), telemetry.Discard().For("game", 1), second)
			refused := make(chan struct{}, 100) // More than are ever refused.
			var isUp atomic.Bool
			client := gamev1.NewGameServiceClient(dialWith(t, func(ctx context.Context, address string) (net.Conn, error) {
				if address == first.Addr().String() && !isUp.Load() {
					refused <- struct{}{}
					return nil, errors.New("refused")
				}
				return new(net.Dialer).DialContext(ctx, "tcp", address)
			}, first.Addr().String(), second.Addr().String()))
			if err := call(asPlayer(t), client); err != nil {
				t.Fatal(err)
			}
			for range 4 { // The delay until the next attempt grows.
				<-refused
			}
			isUp.Store(true)
			serveOn(t, &replica{}, rpcserver.Default(), telemetry.Discard().For("game", 0), first)
			stopSecond()
			results := make(chan error)
			for range 20 {
				go func() { results <- call(asPlayer(t), client) }()
			}
			for range 20 {
				if err := <-results; err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestCallsDoNotWaitForAServiceThatIsDown stops the only replica. Calls wait for it at first, and later fail at once, before a deadline
// that is shorter than that wait.
func TestCallsDoNotWaitForAServiceThatIsDown(t *testing.T) {
	listener := newListener(t)
	stop := serveOn(t, &replica{}, rpcserver.Default(), telemetry.Discard().For("game", 0), listener)
	client := gamev1.NewGameServiceClient(dial(t, listener.Addr().String()))
	if _, err := client.PlaceBet(asPlayer(t), bet(uuid.NewString())); err != nil {
		t.Fatal(err)
	}
	stop()
	if _, err := client.PlaceBet(asPlayer(t), bet(uuid.NewString())); status.Code(err) != codes.Unavailable {
		t.Errorf("when it has just stopped: %v", err)
	}
	ctx, cancel := context.WithTimeout(asPlayer(t), time.Second)
	defer cancel()
	for range 20 {
		if _, err := client.PlaceBet(ctx, bet(uuid.NewString())); status.Code(err) != codes.Unavailable {
			t.Errorf("later: %v", err)
		}
	}
}

// TestCallsGoToEveryReplica checks which replicas answer.
func TestCallsGoToEveryReplica(t *testing.T) {
	first, second := spawn(t, "answers"), spawn(t, "answers")
	for name, tc := range map[string]struct {
		addresses []string
		replicas  int
	}{
		"a list":         {[]string{first.address, second.address}, 2},
		"names":          {[]string{named(t, first.address), named(t, second.address)}, 2},
		"one DNS target": {[]string{"dns:///" + named(t, first.address)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			client, seen := gamev1.NewGameServiceClient(dial(t, tc.addresses...)), map[string]bool{}
			for len(seen) < tc.replicas { // The second connection may be ready later than the first.
				var from peer.Peer
				if _, err := client.GetGame(asPlayer(t), &gamev1.GetGameRequest{GameId: uuid.NewString()}, grpc.Peer(&from)); err != nil {
					t.Fatal(err)
				}
				seen[from.Addr.String()] = true
			}
		})
	}
}

func named(t *testing.T, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return "localhost:" + port
}

// TestOnlyLostCallsAreRepeated counts the calls of a server that refuses them.
func TestOnlyLostCallsAreRepeated(t *testing.T) {
	for name, tc := range map[string]struct {
		reason errorsv1.Reason
		id     string
		calls  int
	}{
		"stopping, with a request id": {errorsv1.Reason_REASON_UNAVAILABLE, "k1", 3},
		"stopping, without one":       {errorsv1.Reason_REASON_UNAVAILABLE, "", 1},
		"no quorum":                   {errorsv1.Reason_REASON_NO_QUORUM, "k1", 1},
		"refused":                     {errorsv1.Reason_REASON_GAME_FULL, "k1", 1},
	} {
		t.Run(name, func(t *testing.T) {
			game := &replica{refusal: errs.New(tc.reason, "not now")}
			address := serve(t, game, rpcserver.Default())
			_, err := gamev1.NewGameServiceClient(dial(t, address)).PlaceBet(asPlayer(t), bet(tc.id))
			if errs.Reason(err) != tc.reason || int(game.calls.Load()) != tc.calls {
				t.Errorf("%v after %d calls, want %d", err, game.calls.Load(), tc.calls)
			}
		})
	}
}

// TestOldConnectionsAreReplaced makes calls until the server has closed the client's connection for its age. No call fails.
func TestOldConnectionsAreReplaced(t *testing.T) {
	cfg := rpcserver.Default()
	cfg.MaxConnectionAge = 20 * time.Millisecond
	client, seen := gamev1.NewGameServiceClient(dial(t, serve(t, &replica{}, cfg))), map[string]bool{}
	for len(seen) < 3 {
		var connection peer.Peer
		if _, err := client.PlaceBet(asPlayer(t), bet(""), grpc.Peer(&connection)); err != nil {
			t.Fatal(err)
		}
		seen[connection.LocalAddr.String()] = true
	}
}
