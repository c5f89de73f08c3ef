package bitcraps

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/run"
)

func (f *remediateFlags) scheme() string {
	if f.certFile != "" {
		return "https"
	}
	return "http"
}

// listener refuses plain text beyond loopback, where the token could be read in transit.
func (f *remediateFlags) listener(logger *slog.Logger) (net.Listener, error) {
	if (f.certFile == "") != (f.keyFile == "") {
		return nil, errors.New("--tls-cert-file and --tls-key-file go together; give both or neither")
	}
	host, _, err := net.SplitHostPort(f.listen)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	if ip := net.ParseIP(host); f.certFile == "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("--listen %s is reachable from other machines; give --tls-cert-file and --tls-key-file, or listen on 127.0.0.1", f.listen)
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	if f.certFile == "" {
		return listener, nil
	}
	certificate, err := mtls.Certificate(f.certFile, f.keyFile, logger)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--tls-cert-file: %w", err), listener.Close())
	}
	return tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: certificate}), nil
}

// requestTimeout is how long a client may take to send a notification, and to read the answer.
const requestTimeout = 10 * time.Second

func httpPart(listener net.Listener, handler http.Handler) run.Part {
	server := &http.Server{Handler: handler, ReadTimeout: requestTimeout, WriteTimeout: requestTimeout, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	return run.Part{
		Name: "http",
		Serve: func() error {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
		Stop: server.Shutdown,
	}
}
