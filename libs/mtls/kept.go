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

// kept is what files held when they were last good. They are looked at for each connection: who renews certificates tells nobody.
type kept[T any] struct {
	files  []string
	read   func() (T, error)
	logger *slog.Logger

	mu     sync.Mutex
	seen   []os.FileInfo // The files that the value is from.
	value  T
	failed string // Why the files that are there now could not be read.
}

func keep[T any](logger *slog.Logger, read func() (T, error), files ...string) (*kept[T], error) {
	k := &kept[T]{files: files, read: read, logger: logger, seen: stat(files)}
	var err error
	k.value, err = read()
	return k, err
}

// get returns what the files hold. While they don't fit together, as when one of a pair is renewed, it returns the last good value.
func (k *kept[T]) get() T {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := stat(k.files) // Before they are read, so that what changes meanwhile is read the next time.
	if slices.EqualFunc(k.seen, now, same) {
		return k.value
	}
	value, err := k.read()
	if err != nil {
		if k.failed != err.Error() {
			k.failed = err.Error()
			k.logger.Warn("files of TLS changed and are broken; what they held before stays in use", "files", k.files, "error", err)
		}
		return k.value
	}
	k.seen, k.value, k.failed = now, value, ""
	return value
}

func stat(files []string) (all []os.FileInfo) {
	for _, file := range files {
		info, _ := os.Stat(file) // One that is missing has none.
		all = append(all, info)
	}
	return all
}

func same(a, b os.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// Certificate returns a tls.Config's GetCertificate, which reads a certificate and its key again when their files change.
func Certificate(certFile, keyFile string, logger *slog.Logger) (func(*tls.ClientHelloInfo) (*tls.Certificate, error), error) {
	pair, err := keep(logger, func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		return &pair, err
	}, certFile, keyFile)
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair.get(), nil }, err
}

func keepAuthorities(file string, logger *slog.Logger) (*kept[*x509.CertPool], error) {
	return keep(logger, func() (*x509.CertPool, error) {
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
