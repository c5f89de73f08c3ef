// Package mtls secures the connections between services with mutual TLS. A service's certificate names it by the URI
// spiffe://bitcraps/<service>, by which servers apply their allow-lists.
package mtls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"
)

// uriPrefix is the prefix of a service's URI in its certificate.
const uriPrefix = "spiffe://bitcraps/"

// URI returns the URI that names a service in its certificate.
func URI(service string) *url.URL {
	return &url.URL{Scheme: "spiffe", Host: "bitcraps", Path: "/" + service}
}

// Config is the tls section of a service's configuration. Without files, connections are in plain text and a caller's name is only a
// claim, which services accept on loopback alone.
type Config struct {
	CertFile string `koanf:"cert_file" jsonschema_description:"PEM file of this service's certificate, with the URI spiffe://bitcraps/<service>"`
	KeyFile  string `koanf:"key_file" jsonschema_description:"PEM file of the certificate's private key"`
	CAFile   string `koanf:"ca_file" jsonschema_description:"PEM file of the authorities that sign the certificates of services"`
}

// Enabled reports whether any file is configured.
func (c Config) Enabled() bool { return c != Config{} }

// Validate requires all files or none.
func (c Config) Validate() error {
	if c.Enabled() && (c.CertFile == "" || c.KeyFile == "" || c.CAFile == "") {
		return errors.New("tls: cert_file, key_file and ca_file go together; set all of them or none")
	}
	return nil
}

// ServerCredentials returns the credentials of a gRPC server. A change of the files applies to later connections.
func (c Config) ServerCredentials(logger *slog.Logger) (credentials.TransportCredentials, error) {
	return c.credentials(logger, x509.ExtKeyUsageClientAuth, func(string) error { return nil }) // Any service may connect; access rules decide what it may call.
}

// ClientCredentials returns the credentials of a gRPC client of the service. A change of the files applies to later connections.
func (c Config) ClientCredentials(service string, logger *slog.Logger) (credentials.TransportCredentials, error) {
	return c.credentials(logger, x509.ExtKeyUsageServerAuth, func(server string) error {
		if server != service {
			return fmt.Errorf("the server is %q, not %q", server, service)
		}
		return nil
	})
}

// credentials returns credentials that accept a peer whose certificate the authorities have signed for a usage, and whose service
// checkPeer accepts.
func (c Config) credentials(logger *slog.Logger, usage x509.ExtKeyUsage, checkPeer func(service string) error) (credentials.TransportCredentials, error) {
	if !c.Enabled() {
		return insecure.NewCredentials(), nil
	}
	certificate, err := Certificate(c.CertFile, c.KeyFile, logger)
	if err != nil {
		return nil, fmt.Errorf("tls.cert_file: %w", err)
	}
	authorities, err := reloadAuthorities(c.CAFile, logger)
	if err != nil {
		return nil, fmt.Errorf("tls.ca_file: %w", err)
	}
	return credentials.NewTLS(&tls.Config{
		MinVersion:           tls.VersionTLS13,
		GetCertificate:       certificate,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate(nil) },
		// Both ends verify against the current authorities. A peer is identified by the URI in its certificate, not by its address, so the
		// standard check of the host name does not apply.
		ClientAuth:         tls.RequireAnyClientCert,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection verifies.
		VerifyConnection: func(state tls.ConnectionState) error {
			if err := verify(state, authorities.get(), usage); err != nil {
				return err
			}
			return checkPeer(service(state.PeerCertificates[0]))
		},
	}), nil
}

// verify returns an error unless the authorities have signed the peer's certificate for a usage.
func verify(state tls.ConnectionState, authorities *x509.CertPool, usage x509.ExtKeyUsage) error {
	intermediates := x509.NewCertPool()
	for _, certificate := range state.PeerCertificates[1:] {
		intermediates.AddCert(certificate)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: authorities, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{usage}})
	return err
}

// PeerService returns the service that the connection's certificate names. secured is false on a connection without
// TLS, where nothing is proven.
func PeerService(ctx context.Context) (name string, secured bool) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return "", false
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.PeerCertificates) == 0 {
		return "", false
	}
	return service(info.State.PeerCertificates[0]), true
}

func service(certificate *x509.Certificate) string {
	for _, uri := range certificate.URIs {
		if name, ok := strings.CutPrefix(uri.String(), uriPrefix); ok {
			return name
		}
	}
	return ""
}
