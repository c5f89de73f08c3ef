package bitcraps_test

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/localca"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/consensus"
)

// TestCertificateMayBreakWhileConnecting overwrites the operator's certificate with a partial one during the handshake with a validator.
func TestCertificateMayBreakWhileConnecting(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	network := filepath.Join(t.TempDir(), "network")
	if err := consensus.InitNetwork(network, "test", 4, now); err != nil {
		t.Fatal(err)
	}
	authority, err := localca.Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	operator, err := authority.Issue(identity.Operator, now)
	if err != nil {
		t.Fatal(err)
	}
	validator, err := authority.Issue(identity.Consensus, now)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(validator.CertFile, validator.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS13, ClientAuth: tls.RequireAnyClientCert,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return &pair, os.WriteFile(operator.CertFile, []byte("half of it"), 0o600)
		}})))
	consensusv1.RegisterConsensusServiceServer(server, fakeValidator{})
	go func() { _ = server.Serve(listener) }() // It ends with Stop.
	defer server.Stop()
	out, err := command(t, strings.Join([]string{"chain refresh-shares --operator-key", filepath.Join(network, "operator_key"),
		"--address", listener.Addr().String(), "--tls-dir", dir}, " "))
	if want := "ordered by block 7\n"; err != nil || out != want {
		t.Errorf("%v, %s", err, out)
	}
}
