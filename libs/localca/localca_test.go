package localca_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/bitcraps/bitcraps/libs/localca"
	"github.com/bitcraps/bitcraps/libs/mtls"
)

var quiet = slog.New(slog.DiscardHandler)

// call connects with one certificate to a server with another, and returns the error.
func call(t *testing.T, server, client mtls.Config, want string) error {
	t.Helper()
	credentials, err := server.ServerCredentials(quiet)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(grpc.Creds(credentials))
	healthpb.RegisterHealthServer(srv, health.NewServer())
	go func() { _ = srv.Serve(listener) }()
	defer srv.Stop()
	outgoing, err := client.ClientCredentials(want, quiet)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(outgoing))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
	return err
}

func issue(t *testing.T, dir, service string, now time.Time) mtls.Config {
	t.Helper()
	authority, err := localca.Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := authority.Issue(service, now)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestServicesAuthenticateEachOther(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	game, gateway := issue(t, dir, "game", now), issue(t, dir, "gateway", now)
	if err := call(t, game, gateway, "game"); err != nil {
		t.Errorf("gateway calls game: %v", err)
	}
	if err := call(t, game, gateway, "api"); err == nil || !strings.Contains(err.Error(), "the server is") {
		t.Errorf("game passes for api: %v", err)
	}
	if err := call(t, game, issue(t, t.TempDir(), "gateway", now), "game"); err == nil {
		t.Error("a certificate of another authority is accepted")
	}
}

func TestCertificatesAreKeptUntilTheyExpire(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	read := func(at time.Time) []byte {
		text, err := os.ReadFile(issue(t, dir, "game", at).CertFile)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	first := read(now)
	if !bytes.Equal(first, read(now.Add(24*time.Hour))) {
		t.Error("a good certificate was replaced")
	}
	if bytes.Equal(first, read(now.Add(360*24*time.Hour))) {
		t.Error("a certificate that expires in days was kept")
	}
	if _, err := localca.Open(dir, now.Add(20*365*24*time.Hour)); err == nil {
		t.Error("an expired authority signs")
	}
}

// TestCertificateIsNotWrittenWithoutItsKey has a folder in the way of the new key.
func TestCertificateIsNotWrittenWithoutItsKey(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	cfg := issue(t, dir, "game", now)
	if err := os.Mkdir(cfg.KeyFile+".new", 0o700); err != nil {
		t.Fatal(err)
	}
	authority, err := localca.Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := authority.Issue("game", now.Add(360*24*time.Hour)); err == nil {
		t.Error("no error about the key")
	}
	if _, err := tls.LoadX509KeyPair(cfg.CertFile, cfg.KeyFile); err != nil {
		t.Errorf("what worked before: %v", err)
	}
}

func TestKeysAreReadableByOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	issue(t, dir, "game", time.Now())
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
