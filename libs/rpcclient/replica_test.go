package rpcclient_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// replicaVariable makes this test's binary run a replica of game instead: one that answers, or one that accepts calls and never answers.
const replicaVariable = "BITCRAPS_TEST_REPLICA"

func TestMain(m *testing.M) {
	if kind := os.Getenv(replicaVariable); kind != "" {
		if err := serveReplica(kind); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

type replica struct {
	gamev1.UnimplementedGameServiceServer
	hangs   bool
	refusal error
	calls   atomic.Int64
	once    sync.Once
}

// GetGame is safe to repeat by its contract.
func (r *replica) GetGame(ctx context.Context, _ *gamev1.GetGameRequest) (*gamev1.GetGameResponse, error) {
	return &gamev1.GetGameResponse{}, r.took(ctx)
}

// PlaceBet is safe to repeat under a request id.
func (r *replica) PlaceBet(ctx context.Context, _ *gamev1.PlaceBetRequest) (*gamev1.PlaceBetResponse, error) {
	return &gamev1.PlaceBetResponse{}, r.took(ctx)
}

// took notifies the test that a call has arrived. A hanging replica answers only when the call is cancelled.
func (r *replica) took(ctx context.Context) error {
	r.calls.Add(1)
	if !r.hangs {
		return r.refusal
	}
	r.once.Do(func() { fmt.Println("took a call") })
	<-ctx.Done()
	return ctx.Err()
}

func serveReplica(kind string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server, err := newServer(&replica{hangs: kind == "hangs"}, rpcserver.Default(), telemetry.Discard().For("game", 0))
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	return server.Serve(listener)
}

func newServer(game gamev1.GameServiceServer, cfg rpcserver.Config, scope telemetry.Scope) (*rpcserver.Server, error) {
	server, err := rpcserver.New(cfg, mtls.Config{}, scope)
	if err != nil {
		return nil, err
	}
	gamev1.RegisterGameServiceServer(server, game)
	return server, nil
}

// serve runs a replica in this process.
func serve(t testing.TB, game gamev1.GameServiceServer, cfg rpcserver.Config) (address string) {
	t.Helper()
	return serveAs(t, game, cfg, telemetry.Discard().For("game", 0))
}

func serveAs(t testing.TB, game gamev1.GameServiceServer, cfg rpcserver.Config, scope telemetry.Scope) (address string) {
	t.Helper()
	listener := newListener(t)
	serveOn(t, game, cfg, scope, listener)
	return listener.Addr().String()
}

func newListener(t testing.TB) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// serveOn runs a replica in this process until the test ends or stop is called.
func serveOn(t testing.TB, game gamev1.GameServiceServer, cfg rpcserver.Config, scope telemetry.Scope, listener net.Listener) (stop func()) {
	t.Helper()
	server, err := newServer(game, cfg, scope)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.GRPC.Stop)
	return server.GRPC.Stop
}

// running is a replica in a process of its own.
type running struct {
	cmd     *exec.Cmd
	address string
	took    chan struct{}
}

func spawn(t *testing.T, kind string) *running {
	t.Helper()
	r := &running{cmd: exec.Command(os.Args[0]), took: make(chan struct{})}
	r.cmd.Env = append(os.Environ(), replicaVariable+"="+kind)
	r.cmd.Stderr = os.Stderr
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.cmd.Process.Kill(); _ = r.cmd.Wait() })
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the replica prints nothing")
	}
	r.address = lines.Text()
	go func() {
		if lines.Scan() {
			close(r.took)
		}
	}()
	return r
}

func dial(t testing.TB, addresses ...string) *grpc.ClientConn {
	t.Helper()
	return dialFor(t, []string{"bitcraps.game.v1.GameService"}, addresses...)
}

// dialFor returns a connection that applies the options of these contracts' methods.
func dialFor(t testing.TB, contracts []string, addresses ...string) *grpc.ClientConn {
	t.Helper()
	return connect(t, contracts, nil, addresses...)
}

// dialWith returns a connection whose attempts to connect to the addresses are the dialer's.
func dialWith(t testing.TB, dialer rpcclient.Dialer, addresses ...string) *grpc.ClientConn {
	t.Helper()
	return connect(t, []string{"bitcraps.game.v1.GameService"}, dialer, addresses...)
}

func connect(t testing.TB, contracts []string, dialer rpcclient.Dialer, addresses ...string) *grpc.ClientConn {
	t.Helper()
	conn, err := rpcclient.New(identity.Gateway, rpcclient.Target{Service: identity.Game, Contracts: contracts},
		rpcclient.Config{Addresses: addresses, Timeout: 30 * time.Second}, mtls.Config{}, dialer, telemetry.Discard().For("test", 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func asPlayer(t *testing.T) context.Context {
	return identity.WithPlayer(t.Context(), uuid.Must(uuid.NewV7()))
}

func bet(id string) *gamev1.PlaceBetRequest {
	return &gamev1.PlaceBetRequest{GameId: uuid.NewString(), BetType: "field", Amount: 10, RequestId: id}
}
