// Package localca implements a certificate authority in a folder. It issues the certificates with which the services of a fleet on one
// machine authenticate to each other, as libs/mtls requires. A fleet of several machines should use a managed authority instead, such
// as SPIRE or cert-manager.
package localca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/bitcraps/bitcraps/libs/mtls"
)

const (
	authorityLife   = 10 * 365 * 24 * time.Hour
	certificateLife = 365 * 24 * time.Hour
	// renewBefore is how long a certificate must still be valid to be kept.
	renewBefore = 30 * 24 * time.Hour
	// backdate tolerates clock skew.
	backdate = time.Hour
)

// Authority is a certificate authority.
type Authority struct {
	dir         string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// Open reads the authority in dir, or creates it if there is none.
func Open(dir string, now time.Time) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	a := &Authority{dir: dir}
	var err error
	a.certificate, a.key, err = readPair(dir, "ca")
	switch {
	case err == nil && now.Before(a.certificate.NotAfter):
		return a, nil
	case err == nil:
		return nil, fmt.Errorf("the authority in %s expired at %s; remove the folder and start everything again", dir, a.certificate.NotAfter)
	case !errors.Is(err, os.ErrNotExist):
		return nil, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "bitcraps local authority"}, NotBefore: now.Add(-backdate), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	return a, a.sign(dir, "ca", template)
}

// Issue writes a certificate for a service into a folder named after the service, unless it has a valid one, and returns the
// configuration that uses it.
func (a *Authority) Issue(service string, now time.Time) (mtls.Config, error) {
	cfg := Files(a.dir, service)
	dir := filepath.Dir(cfg.CertFile)
	if certificate, _, err := readPair(dir, "tls"); err == nil && now.Add(renewBefore).Before(certificate.NotAfter) &&
		certificate.CheckSignatureFrom(a.certificate) == nil {
		return cfg, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return cfg, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: service}, NotBefore: now.Add(-backdate), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true, URIs: []*url.URL{mtls.URI(service)},
	}
	// Each folder holds a copy of the authority's certificate, so that a service needs access to its own folder alone.
	return cfg, errors.Join(a.sign(dir, "tls", template), writePEM(cfg.CAFile, "CERTIFICATE", a.certificate.Raw))
}

// Files returns the paths of a service's certificate below the authority's folder.
func Files(dir, service string) mtls.Config {
	in := func(name string) string { return filepath.Join(dir, service, name) }
	return mtls.Config{CertFile: in("tls.crt"), KeyFile: in("tls.key"), CAFile: in("ca.crt")}
}

// sign generates a key and a certificate for it, and writes both. An authority without a certificate signs its own.
func (a *Authority) sign(dir, name string, template *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return err
	}
	parent, signer := a.certificate, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return err
	}
	if a.certificate == nil {
		if a.certificate, err = x509.ParseCertificate(der); err != nil {
			return err
		}
		a.key = key
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	// The key is written first, so that a certificate never exists without its key.
	if err := writePEM(filepath.Join(dir, name+".key"), "PRIVATE KEY", secret); err != nil {
		return err
	}
	return writePEM(filepath.Join(dir, name+".crt"), "CERTIFICATE", der)
}
