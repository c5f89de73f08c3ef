package e2e_test

import (
	"crypto/ed25519"
	"testing"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/token"
)

// signingKey reads the platform's signing key from its database.
func signingKey(t *testing.T, tg *target) (key token.Key) {
	t.Helper()
	var seed []byte
	if err := open(t, tg.databases[identity.API]).QueryRowContext(t.Context(), "SELECT id, seed FROM signing_keys").Scan(&key.ID, &seed); err != nil {
		t.Fatal(err)
	}
	key.Private = ed25519.NewKeyFromSeed(seed)
	return key
}
