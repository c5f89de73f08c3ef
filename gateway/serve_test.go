package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"os"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/localca"
	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// TestRenewedCertificateIsServed renews the certificate while the gateway serves.
func TestRenewedCertificateIsServed(t *testing.T) {
	authority, err := localca.Open(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	files, err := authority.Issue("gateway", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	address := serveTLS(t, files.CertFile, files.KeyFile)
	first := servedCertificate(t, address)
	if again := servedCertificate(t, address); !bytes.Equal(again, first) {
		t.Error("another certificate without a renewal")
	}
	if err := os.Remove(files.CertFile); err != nil { // As while the file is being replaced.
		t.Fatal(err)
	}
	if again := servedCertificate(t, address); !bytes.Equal(again, first) {
		t.Error("another certificate while there is no file")
	}
	if _, err := authority.Issue("gateway", time.Now()); err != nil {
		t.Fatal(err)
	}
	if renewed := servedCertificate(t, address); bytes.Equal(renewed, first) {
		t.Error("the first certificate after the renewal")
	}
}

// serveTLS runs a gateway without working upstreams, and returns its address.
func serveTLS(t *testing.T, certFile, keyFile string) string {
	t.Helper()
	cfg, nothing := Default(), &metadataRecorder{}
	cfg.Network.EnableTLS, cfg.Network.CertFile, cfg.Network.KeyFile = true, certFile, keyFile
	g, err := New(t.Context(), cfg, Deps{API: nothing, Game: nothing, Consensus: nothing, Clock: clockwork.NewRealClock()}, telemetry.Discard().For("gateway", 0))
	if err != nil {
		t.Fatal(err)
	}
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	part, served := g.Part(at), make(chan error, 1)
	if err := part.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	go func() { served <- part.Serve() }()
	t.Cleanup(func() {
		if err := part.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return at.Addr().String()
}

// servedCertificate returns the certificate that the server presents to a new connection.
func servedCertificate(t *testing.T, address string) []byte {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if got := conn.ConnectionState().NegotiatedProtocol; got != "h2" {
		t.Errorf("negotiated protocol %q", got)
	}
	return conn.ConnectionState().PeerCertificates[0].Raw
}
