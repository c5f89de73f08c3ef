package token

import (
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/identity"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// Bearer is the identity of a token's bearer.
type Bearer struct {
	// Player is the player who is signed in.
	Player uuid.UUID
	// Session is the session, or the API key, that the token belongs to; uuid.Nil in tokens of releases without sessions.
	Session uuid.UUID
	// Role is the bearer's role.
	Role optionsv1.Role
	// Scopes are the scopes of an API key; empty in tokens of sessions.
	Scopes identity.Scopes
	// Issued is when the token was issued.
	Issued time.Time
}

// claims are the claims of a token, with the names of RFC 7519, RFC 9068 and OpenID Connect.
type claims struct {
	jwt.RegisteredClaims
	Session string `json:"sid,omitempty"`
	Role    string `json:"role,omitempty"`
	Scope   string `json:"scope,omitempty"`
}

const (
	rolePrefix  = "ROLE_"
	scopePrefix = "SCOPE_"
)

func (b Bearer) claims(now, expires time.Time) claims {
	c := claims{RegisteredClaims: jwt.RegisteredClaims{
		Issuer:    issuer,
		Audience:  jwt.ClaimStrings{audience},
		Subject:   b.Player.String(),
		IssuedAt:  jwt.NewNumericDate(now),
		NotBefore: jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(expires),
		ID:        uuid.NewString(),
	}}
	if b.Session != uuid.Nil {
		c.Session = b.Session.String()
	}
	if b.Role > optionsv1.Role_ROLE_PLAYER {
		c.Role = short(b.Role.String(), rolePrefix)
	}
	var scopes []string
	for _, scope := range b.Scopes.List() {
		scopes = append(scopes, short(scope.String(), scopePrefix))
	}
	c.Scope = strings.Join(scopes, " ")
	return c
}

// bearer parses the claims. ok is false if they name no player, or a role or scope that this release does not know: that may permit
// less than it would be assumed to.
func (c claims) bearer() (b Bearer, ok bool) {
	var err error
	if b.Player, err = uuid.Parse(c.Subject); err != nil {
		return Bearer{}, false
	}
	if c.Session != "" {
		if b.Session, err = uuid.Parse(c.Session); err != nil {
			return Bearer{}, false
		}
	}
	b.Role = optionsv1.Role_ROLE_PLAYER
	if c.Role != "" {
		if b.Role = optionsv1.Role(optionsv1.Role_value[long(c.Role, rolePrefix)]); b.Role == optionsv1.Role_ROLE_UNSPECIFIED {
			return Bearer{}, false
		}
	}
	for name := range strings.FieldsSeq(c.Scope) {
		scope := optionsv1.Scope(optionsv1.Scope_value[long(name, scopePrefix)])
		if scope == optionsv1.Scope_SCOPE_UNSPECIFIED {
			return Bearer{}, false
		}
		b.Scopes |= identity.ScopesOf(scope)
	}
	if c.IssuedAt != nil {
		b.Issued = c.IssuedAt.UTC()
	}
	return b, true
}

func short(name, prefix string) string { return strings.ToLower(strings.TrimPrefix(name, prefix)) }

func long(name, prefix string) string { return prefix + strings.ToUpper(name) }
