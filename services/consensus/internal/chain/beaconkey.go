package chain

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"

	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
)

// A validator's share is on its disk only in the deals on the chain, encrypted to its beacon key. The beacon key itself is encrypted with
// age, to an identity that need not be on the same disk (docs/adr/0017).

// IdentityFile returns the default path of the identity of a home. It is next to the home and not inside, so that a copy of the home alone
// does not contain a usable beacon key.
func IdentityFile(home string) string { return home + ".identity" }

// newIdentity makes an age identity in a file, or reads the one that is already there.
func newIdentity(path string) (*age.X25519Identity, error) {
	if _, err := os.Stat(path); err == nil {
		return loadIdentity(path)
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	return identity, os.WriteFile(path, []byte(identity.String()+"\n"), 0o600)
}

func loadIdentity(path string) (*age.X25519Identity, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the identity that decrypts %s: %w; chain.identity_file sets its path", beaconKeyFile, err)
	}
	defer func() { _ = file.Close() }()
	identities, err := age.ParseIdentities(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if x, ok := identities[0].(*age.X25519Identity); ok && len(identities) == 1 {
		return x, nil
	}
	return nil, fmt.Errorf("%s: want one X25519 identity, as age-keygen makes it", path)
}

func sealBeaconKey(key dkg.SecretKey, identity *age.X25519Identity) ([]byte, error) {
	secret, err := key.MarshalBinary()
	if err != nil {
		return nil, err
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, identity.Recipient())
	if err != nil {
		return nil, err
	}
	_, err = w.Write(secret)
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return sealed.Bytes(), nil
}

// maxSecret bounds how much is read of a decrypted file.
const maxSecret = 1 << 10

func openBeaconKey(path, identityPath string) (dkg.SecretKey, error) {
	identity, err := loadIdentity(identityPath)
	if err != nil {
		return dkg.SecretKey{}, err
	}
	sealed, err := os.ReadFile(path)
	if err != nil {
		return dkg.SecretKey{}, err
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), identity)
	if err != nil {
		return dkg.SecretKey{}, fmt.Errorf("%s with the identity in %s: %w", path, identityPath, err)
	}
	secret, err := io.ReadAll(io.LimitReader(r, maxSecret))
	if err != nil {
		return dkg.SecretKey{}, fmt.Errorf("%s: %w", path, err)
	}
	return dkg.ParseSecretKey(secret)
}
