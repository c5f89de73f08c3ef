// Package servicetest runs a service within a test over an in-memory network, with the same server, interceptors and clients as in
// production.
package servicetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/memnet"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// stopTimeout is how long a service may take to stop before its test fails.
const stopTimeout = 10 * time.Second

// Serve starts the service under the name and returns a function that stops it. The end of the test stops it as well.
func Serve(t testing.TB, network *memnet.Network, name string, svc service.Service) (stop func()) {
	t.Helper()
	server, err := rpcserver.New(rpcserver.Default(), mtls.Config{}, telemetry.Discard().For("test", 0))
	if err != nil {
		t.Fatal(err)
	}
	svc.Register(server)
	if err := svc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	listener, done, stopped := network.Listen(name), make(chan error, 1), false
	go func() { done <- server.Serve(listener) }()
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		svc.Drain()
		if err := errors.Join(server.Stop(ctx), <-done, svc.Stop(ctx)); err != nil {
			t.Errorf("stop %s: %v", name, err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// Dial returns a connection over which the service self calls the target at the names.
func Dial(t testing.TB, network *memnet.Network, self string, target rpcclient.Target, names ...string) *grpc.ClientConn {
	t.Helper()
	conn, err := rpcclient.New(self, target, rpcclient.Config{Addresses: names, Timeout: 5 * time.Second}, mtls.Config{},
		network.Dial, telemetry.Discard().For("test", 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
