// Package token makes and checks access tokens: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037). No other
// algorithm is ever accepted, whatever a token's header says.
package token

import (
	"context"
	"crypto/ed25519"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

const (
	issuer   = "bitcraps"
	audience = "bitcraps"
	// leeway bears clocks of replicas that differ a little.
	leeway = 5 * time.Second
	// MaxLength bounds what is parsed. Our own tokens have about 300 bytes.
	MaxLength = 4096
)

// Key signs tokens.
type Key struct {
	// ID is what the token's kid names the key by.
	ID string
	// Private signs.
	Private ed25519.PrivateKey
}

// Sign returns a token that says that its bearer is the player, from now until the expiry.
func (k Key) Sign(player uuid.UUID, now, expires time.Time) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.RegisteredClaims{
		Issuer:    issuer,
		Audience:  jwt.ClaimStrings{audience},
		Subject:   player.String(),
		IssuedAt:  jwt.NewNumericDate(now),
		NotBefore: jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(expires),
		ID:        uuid.NewString(),
	})
	t.Header["kid"] = k.ID
	return t.SignedString(k.Private)
}

// KeySource finds the public key that a kid names. It returns nil for a kid that nobody has.
type KeySource interface {
	PublicKey(ctx context.Context, kid string) (ed25519.PublicKey, error)
}

// Verifier checks tokens.
type Verifier struct {
	keys  KeySource
	clock clockwork.Clock
}

// NewVerifier returns a Verifier that trusts the keys of the source.
func NewVerifier(keys KeySource, clock clockwork.Clock) *Verifier {
	return &Verifier{keys: keys, clock: clock}
}

// Verify returns the player whose token it is. Errors have the reason TOKEN_INVALID or TOKEN_EXPIRED, or are the key
// source's own.
func (v *Verifier) Verify(ctx context.Context, raw string) (uuid.UUID, error) {
	if len(raw) > MaxLength {
		return uuid.Nil, invalid()
	}
	var claims jwt.RegisteredClaims
	var sourceErr error
	_, err := jwt.ParseWithClaims(raw, &claims, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		key, err := v.keys.PublicKey(ctx, kid)
		if err != nil {
			sourceErr = err
			return nil, err
		}
		if key == nil {
			return nil, errors.New("unknown key")
		}
		return key, nil
	},
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(v.clock.Now),
	)
	switch {
	case sourceErr != nil:
		return uuid.Nil, sourceErr
	case errors.Is(err, jwt.ErrTokenExpired):
		return uuid.Nil, errs.New(errorsv1.Reason_REASON_TOKEN_EXPIRED, "the token has expired; sign in again")
	case err != nil:
		return uuid.Nil, invalid()
	}
	player, err := uuid.Parse(claims.Subject)
	if err != nil {
		return uuid.Nil, invalid()
	}
	return player, nil
}

func invalid() error {
	return errs.New(errorsv1.Reason_REASON_TOKEN_INVALID, "the token is not valid here; sign in again")
}
