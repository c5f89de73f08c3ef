package session

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"

	"github.com/google/uuid"
)

// secretSize is the size of a Secret: 256 bits.
const secretSize = 32

// Secret is a random value that only the bearer of a token knows.
type Secret [secretSize]byte

// Hash is what the store has of a secret. Secrets are random, so a fast hash without salt is enough.
type Hash [sha256.Size]byte

// Hash returns the secret's hash.
func (s Secret) Hash() Hash { return sha256.Sum256(s[:]) }

// equal compares in constant time.
func (h Hash) equal(other Hash) bool { return subtle.ConstantTimeCompare(h[:], other[:]) == 1 }

// next derives the secret that follows this one. It can be derived again from this one and the stored nonce, but not from the
// store alone.
func (s Secret) next(nonce Secret) Secret {
	return sha256.Sum256([]byte("bitcraps refresh token\x00" + string(nonce[:]) + string(s[:])))
}

// Token is a refresh token or an API key: the session's id, the family secret, which all tokens of the session share and which
// distinguishes a used token from a forged one, and the secret that changes with every use.
type Token struct {
	Session        uuid.UUID
	Family, Secret Secret
}

// String encodes the token as 107 characters of base64url.
func (t Token) String() string {
	raw := append(append(append([]byte(nil), t.Session[:]...), t.Family[:]...), t.Secret[:]...)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Parse decodes a token; ok is false if the text is not one.
func Parse(text string) (t Token, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != len(t.Session)+2*secretSize {
		return Token{}, false
	}
	copy(t.Session[:], raw)
	copy(t.Family[:], raw[len(t.Session):])
	copy(t.Secret[:], raw[len(t.Session)+secretSize:])
	return t, t.String() == text // The decoder skips line breaks.
}
