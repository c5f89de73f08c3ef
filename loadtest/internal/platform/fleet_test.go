package platform_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/localca"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/loadtest/internal/platform"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// slowFleet is a program whose fleet never becomes ready. It records the commands that it receives.
const slowFleet = `#!/bin/sh
echo "$2" >>"$0.told"
[ "$2" = up ] || exit 0
trap 'kill $!; echo end >>"$0.told"; exit 1' TERM
sleep 60 >/dev/null 2>&1 &
echo waits >>"$0.told"
wait
`

// TestCancelledFleetIsStopped cancels the context while a fleet starts: the command is terminated, and then the fleet is stopped.
func TestCancelledFleetIsStopped(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "bitcraps")
	if err := os.WriteFile(binary, []byte(slowFleet), 0o700); err != nil {
		t.Fatal(err)
	}
	calls := func() string {
		text, _ := os.ReadFile(binary + ".told") // It does not exist at first.
		return strings.Join(strings.Fields(string(text)), " ")
	}
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan error, 1)
	go func() {
		_, err := platform.StartFleet(ctx, binary, t.TempDir())
		started <- err
	}()
	testserver.Eventually(t, "the fleet's start", func() bool { return calls() == "up waits" })
	cancel()
	if err := <-started; err == nil {
		t.Error("a fleet that never became ready has started")
	}
	if got := calls(); got != "up waits end down" {
		t.Errorf("the fleet received %q", got)
	}
}

// TestBrokenCertificateDoesNotAffectConnections corrupts the gateway's certificate after it was loaded and before the game processes
// are connected to.
func TestBrokenCertificateDoesNotAffectConnections(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	authority, err := localca.Open(filepath.Join(dir, "tls"), now)
	if err != nil {
		t.Fatal(err)
	}
	game, err := authority.Issue(identity.Game, now)
	if err != nil {
		t.Fatal(err)
	}
	gateway, err := authority.Issue(identity.Gateway, now)
	if err != nil {
		t.Fatal(err)
	}
	server, err := rpcserver.New(rpcserver.Default(), game, telemetry.Discard().For(identity.Game, 0))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }() // Ends with Stop.
	defer server.GRPC.Stop()
	binary := filepath.Join(t.TempDir(), "bitcraps")
	script := fmt.Sprintf("#!/bin/sh\necho '{\"Processes\": [{\"Name\": \"game-0\", \"Address\": %q}]}'\n", listener.Addr())
	if err := os.WriteFile(binary, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	fleet, err := platform.StartFleet(t.Context(), binary, dir)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := fleet.Game()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := os.WriteFile(gateway.CertFile, []byte("half of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = gamev1.NewGameServiceClient(conn).GetGame(ctx, &gamev1.GetGameRequest{})
	if status.Code(err) != codes.Unimplemented { // The server implements no game service, but was reached.
		t.Error(err)
	}
}
