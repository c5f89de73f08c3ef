// Package mtls secures the connections between services with mutual TLS. A service's certificate names it by the URI
// spiffe://bitcraps/<service>, which is what a server's allow-lists are checked against.
package mtls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
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

func (c Config) load() (*tls.Config, error) {
	certificate, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("tls.cert_file: %w", err)
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("tls.ca_file: %w", err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("tls.ca_file: %s holds no certificate", c.CAFile)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{certificate},
		RootCAs:      authorities,
		ClientCAs:    authorities,
		ClientAuth:   tls.RequireAndVerifyClientCert,
	}, nil
}

// ServerCredentials are what a gRPC server accepts connections with.
func (c Config) ServerCredentials() (credentials.TransportCredentials, error) {
	return c.credentials("")
}

// ClientCredentials are what a gRPC client connects to the service with.
func (c Config) ClientCredentials(service string) (credentials.TransportCredentials, error) {
	return c.credentials(service)
}

func (c Config) credentials(server string) (credentials.TransportCredentials, error) {
	if !c.Enabled() {
		return insecure.NewCredentials(), nil
	}
	config, err := c.load()
	if err != nil {
		return nil, err
	}
	if server != "" {
		// The address says nothing about who should be there; the certificate's URI does.
		config.InsecureSkipVerify = true
		config.VerifyConnection = func(state tls.ConnectionState) error { return verifyServer(state, config.RootCAs, server) }
	}
	return credentials.NewTLS(config), nil
}

func verifyServer(state tls.ConnectionState, authorities *x509.CertPool, want string) error {
	leaf := state.PeerCertificates[0]
	intermediates := x509.NewCertPool()
	for _, certificate := range state.PeerCertificates[1:] {
		intermediates.AddCert(certificate)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: authorities, Intermediates: intermediates}); err != nil {
		return err
	}
	if got := service(leaf); got != want {
		return fmt.Errorf("the server is %q, not %q", got, want)
	}
	return nil
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
