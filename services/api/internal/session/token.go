package session

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"

	"github.com/google/uuid"
)

// size is that of secrets: 256 bits.
const size = 32

// Secret is what only the bearer of a token knows.
type Secret [size]byte

// Hash is what the store knows of a secret. Secrets are random, so it needs no salt and no slowness.
type Hash [sha256.Size]byte

// Hash returns the secret's.
func (s Secret) Hash() Hash { return sha256.Sum256(s[:]) }

// equal compares in constant time.
func (h Hash) equal(other Hash) bool { return subtle.ConstantTimeCompare(h[:], other[:]) == 1 }

// next returns the secret behind this one. Whoever has this one and the store's nonce finds it again; nobody does from the
// store alone.
func (s Secret) next(nonce Secret) Secret {
	return sha256.Sum256([]byte("bitcraps refresh token\x00" + string(nonce[:]) + string(s[:])))
}

// Token is what its bearer keeps of a session: its id, the secret that all tokens of the session share and by which a used one is
// told from a made-up one, and the secret that is new with every use.
type Token struct {
	Session        uuid.UUID
	Family, Secret Secret
}

// String is the token as text: 107 letters of base64url.
func (t Token) String() string {
	raw := append(append(append([]byte(nil), t.Session[:]...), t.Family[:]...), t.Secret[:]...)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Parse reads a token; ok is false where the text is none.
func Parse(text string) (t Token, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != len(t.Session)+2*size {
		return Token{}, false
	}
	copy(t.Session[:], raw)
	copy(t.Family[:], raw[len(t.Session):])
	copy(t.Secret[:], raw[len(t.Session)+size:])
	return t, t.String() == text // The decoder skips line ends.
}
