package mtls

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
)

// reloader caches the last valid contents of files. It checks the files for each connection, since nothing notifies a process that
// its certificates were renewed.
type reloader[T any] struct {
	files  []string
	read   func() (T, error)
	logger *slog.Logger

	mu     sync.Mutex
	seen   []os.FileInfo // The files that the value was read from.
	value  T
	failed string // Why the present files could not be read.
}

func newReloader[T any](logger *slog.Logger, read func() (T, error), files ...string) (*reloader[T], error) {
	k := &reloader[T]{files: files, read: read, logger: logger, seen: stat(files)}
	var err error
	k.value, err = read()
	return k, err
}

// get returns the contents of the files. While they are inconsistent, as when one of a pair is being renewed, it returns the last
// valid value.
func (k *reloader[T]) get() T {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := stat(k.files) // Before they are read, so that a change in between is noticed the next time.
	if slices.EqualFunc(k.seen, now, same) {
		return k.value
	}
	value, err := k.read()
	if err != nil {
		if k.failed != err.Error() {
			k.failed = err.Error()
			k.logger.Warn("TLS files changed and are invalid; their previous contents stay in use", "files", k.files, "error", err)
		}
		return k.value
	}
	k.seen, k.value, k.failed = now, value, ""
	return value
}

func stat(files []string) (all []os.FileInfo) {
	for _, file := range files {
		info, _ := os.Stat(file) // nil for a missing file.
		all = append(all, info)
	}
	return all
}

func same(a, b os.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// Certificate returns a function for tls.Config.GetCertificate that reloads a certificate and its key when their files change.
func Certificate(certFile, keyFile string, logger *slog.Logger) (func(*tls.ClientHelloInfo) (*tls.Certificate, error), error) {
	pair, err := newReloader(logger, func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		return &pair, err
	}, certFile, keyFile)
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair.get(), nil }, err
}

func reloadAuthorities(file string, logger *slog.Logger) (*reloader[*x509.CertPool], error) {
	return newReloader(logger, func() (*x509.CertPool, error) {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", file)
		}
		return pool, nil
	}, file)
}
