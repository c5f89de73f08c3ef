// Package token signs and verifies access tokens: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037). No other algorithm is
// accepted, whatever a token's header says.
package token

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

const (
	issuer   = "bitcraps"
	audience = "bitcraps"
	// leeway tolerates clock skew between replicas.
	leeway = 5 * time.Second
	// MaxLength bounds the length of tokens that are parsed. Our own tokens have about 300 bytes.
	MaxLength = 4096
)

// Key signs tokens.
type Key struct {
	// ID identifies the key as the kid in tokens' headers.
	ID string
	// Private is the private key.
	Private ed25519.PrivateKey
}

// Sign returns a token for the bearer that is valid from now until expires.
func (k Key) Sign(bearer Bearer, now, expires time.Time) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, bearer.claims(now, expires))
	t.Header["kid"] = k.ID
	return t.SignedString(k.Private)
}

// KeySource finds the public key of a kid. It returns nil for an unknown kid.
type KeySource interface {
	PublicKey(ctx context.Context, kid string) (ed25519.PublicKey, error)
}

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	keys  KeySource
	clock clockwork.Clock
	// cache has verified tokens by their hashes: verifying a signature costs more than all the rest of a call.
	cache *lru.Cache[[sha256.Size]byte, verified]
}

// cacheSize bounds the verified tokens that are cached.
const cacheSize = 10_000

// verified is the content of a verified token, and the key that signed it.
type verified struct {
	bearer  Bearer
	expires time.Time
	kid     string
	key     ed25519.PublicKey
}

// NewVerifier returns a Verifier that trusts the keys of the source.
func NewVerifier(keys KeySource, clock clockwork.Clock) *Verifier {
	cache, err := lru.New[[sha256.Size]byte, verified](cacheSize)
	if err != nil {
		panic(err) // It fails only for a size below one.
	}
	return &Verifier{keys: keys, clock: clock, cache: cache}
}

// Verify returns the token's bearer. Errors have the reason TOKEN_INVALID or TOKEN_EXPIRED, or are the key source's own.
func (v *Verifier) Verify(ctx context.Context, raw string) (Bearer, error) {
	if len(raw) > MaxLength {
		return Bearer{}, invalid()
	}
	var text [512]byte // Most tokens fit, and are then not copied to the heap.
	hash := sha256.Sum256(append(text[:0], raw...))
	if token, ok := v.cached(ctx, hash); ok {
		return token.bearer, nil
	}
	token, err := v.verify(ctx, raw)
	if err == nil {
		v.cache.Add(hash, token)
	}
	return token.bearer, err
}

// cached returns a token that was verified before. ok is false if it has expired since, or its key is no longer published.
func (v *Verifier) cached(ctx context.Context, hash [sha256.Size]byte) (token verified, ok bool) {
	token, ok = v.cache.Get(hash)
	if !ok || !v.clock.Now().Before(token.expires) {
		return verified{}, false
	}
	key, err := v.keys.PublicKey(ctx, token.kid)
	return token, err == nil && token.key.Equal(key)
}

func (v *Verifier) verify(ctx context.Context, raw string) (verified, error) {
	var parsed claims
	var sourceErr error
	var out verified
	_, err := jwt.ParseWithClaims(raw, &parsed, func(t *jwt.Token) (any, error) {
		out.kid, _ = t.Header["kid"].(string)
		out.key, sourceErr = v.keys.PublicKey(ctx, out.kid)
		if sourceErr != nil {
			return nil, sourceErr
		}
		if out.key == nil {
			return nil, errors.New("unknown key")
		}
		return out.key, nil
	},
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(v.clock.Now),
	)
	switch {
	case sourceErr != nil:
		return verified{}, sourceErr
	case errors.Is(err, jwt.ErrTokenExpired):
		return verified{}, errs.New(errorsv1.Reason_REASON_TOKEN_EXPIRED, "the token has expired; refresh the session or sign in again")
	case err != nil:
		return verified{}, invalid()
	}
	var ok bool
	if out.bearer, ok = parsed.bearer(); !ok {
		return verified{}, invalid()
	}
	out.expires = parsed.ExpiresAt.Time
	return out, nil
}

func invalid() error {
	return errs.New(errorsv1.Reason_REASON_TOKEN_INVALID, "the token is not valid here; sign in again")
}
