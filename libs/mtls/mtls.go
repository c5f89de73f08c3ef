// Package mtls secures the connections between services with mutual TLS. A service's certificate names it by the URI
// spiffe://bitcraps/<service>, which is what a server's allow-lists are checked against.
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

// uriPrefix begins the name of a service in its certificate.
const uriPrefix = "spiffe://bitcraps/"

// URI names a service in its certificate.
func URI(service string) *url.URL {
	return &url.URL{Scheme: "spiffe", Host: "bitcraps", Path: "/" + service}
}

// Config is the tls section of a service's configuration. Without files, connections are in plain text and a caller's
// name is only a claim, which Validate allows on loopback alone.
type Config struct {
	CertFile string `koanf:"cert_file" jsonschema_description:"PEM file of this service's certificate, with the URI spiffe://bitcraps/<service>"`
	KeyFile  string `koanf:"key_file" jsonschema_description:"PEM file of the certificate's private key"`
	CAFile   string `koanf:"ca_file" jsonschema_description:"PEM file of the authorities that sign the certificates of services"`
}

// Enabled reports whether any file is configured.
func (c Config) Enabled() bool { return c != Config{} }

// Validate wants all files or none.
func (c Config) Validate() error {
	if c.Enabled() && (c.CertFile == "" || c.KeyFile == "" || c.CAFile == "") {
		return errors.New("tls: cert_file, key_file and ca_file go together; set all of them or none")
	}
	return nil
}

// ServerCredentials are what a gRPC server accepts connections with. Files that change count for the connections that follow.
func (c Config) ServerCredentials(logger *slog.Logger) (credentials.TransportCredentials, error) {
	return c.credentials(logger, x509.ExtKeyUsageClientAuth, func(string) error { return nil }) // Whoever calls, access rules decide.
}

// ClientCredentials are what a gRPC client connects to the service with. Files that change count for the connections that follow.
func (c Config) ClientCredentials(service string, logger *slog.Logger) (credentials.TransportCredentials, error) {
	return c.credentials(logger, x509.ExtKeyUsageServerAuth, func(server string) error {
		if server != service {
			return fmt.Errorf("the server is %q, not %q", server, service)
		}
		return nil
	})
}

// credentials accept from the other end what the authorities have signed for a usage, and who is wanted there.
func (c Config) credentials(logger *slog.Logger, usage x509.ExtKeyUsage, wanted func(service string) error) (credentials.TransportCredentials, error) {
	if !c.Enabled() {
		return insecure.NewCredentials(), nil
	}
	certificate, err := Certificate(c.CertFile, c.KeyFile, logger)
	if err != nil {
		return nil, fmt.Errorf("tls.cert_file: %w", err)
	}
	authorities, err := keepAuthorities(c.CAFile, logger)
	if err != nil {
		return nil, fmt.Errorf("tls.ca_file: %w", err)
	}
	return credentials.NewTLS(&tls.Config{
		MinVersion:           tls.VersionTLS13,
		GetCertificate:       certificate,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate(nil) },
		// Both ends verify by the authorities of the moment. An address says nothing about who should be there; the certificate's
		// URI does.
		ClientAuth:         tls.RequireAnyClientCert,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection verifies.
		VerifyConnection: func(state tls.ConnectionState) error {
			if err := verify(state, authorities.get(), usage); err != nil {
				return err
			}
			return wanted(service(state.PeerCertificates[0]))
		},
	}), nil
}

// verify wants a certificate that the authorities have signed for a usage.
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
