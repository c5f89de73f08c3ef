package mtls_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/bitcraps/bitcraps/libs/mtls"
)

var quiet = slog.New(slog.DiscardHandler)

// authority signs certificates for tests.
type authority struct {
	dir         string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	a.certificate, a.key = a.issue(t, "ca", nil)
	return a
}

// issue writes a certificate and its key; it is self-signed if the authority has none of its own yet.
func (a *authority) issue(t *testing.T, name string, uri *url.URL) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	parent, signer := template, key
	if a.certificate != nil {
		parent, signer = a.certificate, a.key
		template.URIs = []*url.URL{uri}
	} else {
		template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for suffix, block := range map[string]*pem.Block{
		".crt": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(filepath.Join(a.dir, name+suffix), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

func (a *authority) config(t *testing.T, service string) mtls.Config {
	t.Helper()
	a.issue(t, service, mtls.URI(service))
	return mtls.Config{CertFile: filepath.Join(a.dir, service+".crt"), KeyFile: filepath.Join(a.dir, service+".key"),
		CAFile: filepath.Join(a.dir, "ca.crt")}
}

// serve starts a server that stores the name in its caller's certificate in caller.
func serve(t *testing.T, cfg mtls.Config) (address string, caller *string) {
	t.Helper()
	transport, err := cfg.ServerCredentials(quiet)
	if err != nil {
		t.Fatal(err)
	}
	caller = new(string)
	server := grpc.NewServer(grpc.Creds(transport), grpc.UnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			*caller, _ = mtls.PeerService(ctx)
			return handler(ctx, req)
		}))
	healthpb.RegisterHealthServer(server, health.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String(), caller
}

func call(t *testing.T, address string, transport credentials.TransportCredentials) error {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(transport))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err = healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
	return err
}

func client(t *testing.T, cfg mtls.Config, server string) credentials.TransportCredentials {
	t.Helper()
	transport, err := cfg.ClientCredentials(server, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return transport
}

func TestOnlyAuthenticatedServicesConnect(t *testing.T) {
	ours, strangers := newAuthority(t), newAuthority(t)
	address, caller := serve(t, ours.config(t, "game"))
	gateway := ours.config(t, "gateway")

	if err := call(t, address, client(t, gateway, "game")); err != nil || *caller != "gateway" {
		t.Errorf("caller %q: %v", *caller, err)
	}
	if err := call(t, address, client(t, gateway, "api")); err == nil {
		t.Error("a client that wants api accepted game")
	}
	if err := call(t, address, client(t, mtls.Config{}, "game")); err == nil {
		t.Error("the server accepted plain text")
	}
	if err := call(t, address, client(t, strangers.config(t, "gateway"), "game")); err == nil {
		t.Error("strangers met")
	}
}

func TestConfigRequiresAllFilesOrNone(t *testing.T) {
	if err := (mtls.Config{}).Validate(); err != nil {
		t.Error(err)
	}
	if err := (mtls.Config{CertFile: "x"}).Validate(); err == nil {
		t.Error("a certificate without a key was accepted")
	}
	if _, err := (mtls.Config{CertFile: "x", KeyFile: "y", CAFile: "z"}).ServerCredentials(quiet); err == nil {
		t.Error("missing files were accepted")
	}
}
