package token_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/token"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

type keySource map[string]ed25519.PublicKey

func (s keySource) PublicKey(_ context.Context, kid string) (ed25519.PublicKey, error) {
	if kid == "unreachable" {
		return nil, errors.New("the api service does not answer")
	}
	return s[kid], nil
}

func newKey(t *testing.T, kid string) (token.Key, keySource) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return token.Key{ID: kid, Private: private}, keySource{kid: public}
}

func TestSignedTokenVerifies(t *testing.T) {
	clock := clockwork.NewFakeClock()
	key, keys := newKey(t, "k1")
	player := uuid.Must(uuid.NewV7())
	verifier := token.NewVerifier(keys, clock)
	var raw string
	for _, want := range []token.Bearer{
		{Player: player, Role: optionsv1.Role_ROLE_PLAYER},
		{Player: player, Role: optionsv1.Role_ROLE_AUDITOR, Session: uuid.Must(uuid.NewV7())},
		{Player: player, Role: optionsv1.Role_ROLE_PLAYER, Session: uuid.Must(uuid.NewV7()), Scopes: identity.ScopesOf(optionsv1.Scope_SCOPE_READ, optionsv1.Scope_SCOPE_PLAY)},
	} {
		want.Issued = clock.Now().Truncate(time.Second).UTC()
		var err error
		if raw, err = key.Sign(want, clock.Now(), clock.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		got, err := verifier.Verify(t.Context(), raw)
		if err != nil || got != want {
			t.Fatalf("Verify = %+v, %v, want %+v", got, err, want)
		}
	}
	clock.Advance(time.Hour + time.Minute)
	if _, err := verifier.Verify(t.Context(), raw); errs.Reason(err) != errorsv1.Reason_REASON_TOKEN_EXPIRED {
		t.Errorf("an hour later: %v", err)
	}
}

func TestCachedTokenEndsWithItsKey(t *testing.T) {
	clock := clockwork.NewFakeClock()
	key, keys := newKey(t, "k1")
	raw, err := key.Sign(token.Bearer{Player: uuid.Must(uuid.NewV7())}, clock.Now(), clock.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	verifier := token.NewVerifier(keys, clock)
	for range 2 { // The second time from the cache.
		if _, err := verifier.Verify(t.Context(), raw); err != nil {
			t.Fatal(err)
		}
	}
	_, others := newKey(t, "k1")
	keys["k1"] = others["k1"]
	if _, err := verifier.Verify(t.Context(), raw); errs.Reason(err) != errorsv1.Reason_REASON_TOKEN_INVALID {
		t.Errorf("with another key under its id: %v", err)
	}
	delete(keys, "k1")
	if _, err := verifier.Verify(t.Context(), raw); errs.Reason(err) != errorsv1.Reason_REASON_TOKEN_INVALID {
		t.Errorf("without its key: %v", err)
	}
}

func TestForgedTokensAreRefused(t *testing.T) {
	clock := clockwork.NewFakeClock()
	key, keys := newKey(t, "k1")
	stranger, _ := newKey(t, "k1")
	player := uuid.Must(uuid.NewV7())
	good, _ := key.Sign(token.Bearer{Player: player}, clock.Now(), clock.Now().Add(time.Hour))
	parts := strings.Split(good, ".")
	public := keys["k1"]

	sign := func(method jwt.SigningMethod, key any, change func(*jwt.Token, jwt.MapClaims)) string {
		claims := jwt.MapClaims{"iss": "bitcraps", "aud": "bitcraps", "sub": player.String(),
			"exp": clock.Now().Add(time.Hour).Unix(), "nbf": clock.Now().Unix()}
		tok := jwt.NewWithClaims(method, claims)
		tok.Header["kid"] = "k1"
		if change != nil {
			change(tok, claims)
		}
		raw, err := tok.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	strangers, _ := stranger.Sign(token.Bearer{Player: player}, clock.Now(), clock.Now().Add(time.Hour))
	unknownKid, _ := token.Key{ID: "../../etc/passwd", Private: key.Private}.Sign(token.Bearer{Player: player}, clock.Now(), clock.Now().Add(time.Hour))
	early, _ := key.Sign(token.Bearer{Player: player}, clock.Now().Add(time.Minute), clock.Now().Add(time.Hour))

	for name, raw := range map[string]string{
		"empty":                           "",
		"not a token":                     "abc",
		"alg none":                        sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil),
		"HS256 keyed with the public key": sign(jwt.SigningMethodHS256, []byte(public), nil),
		"signed by a stranger":            strangers,
		"unknown kid":                     unknownKid,
		"not valid yet":                   early,
		"wrong audience":                  sign(jwt.SigningMethodEdDSA, key.Private, func(_ *jwt.Token, c jwt.MapClaims) { c["aud"] = "bank" }),
		"wrong issuer":                    sign(jwt.SigningMethodEdDSA, key.Private, func(_ *jwt.Token, c jwt.MapClaims) { c["iss"] = "bank" }),
		"no expiry":                       sign(jwt.SigningMethodEdDSA, key.Private, func(_ *jwt.Token, c jwt.MapClaims) { delete(c, "exp") }),
		"subject is no id":                sign(jwt.SigningMethodEdDSA, key.Private, func(_ *jwt.Token, c jwt.MapClaims) { c["sub"] = "root" }),
		"embedded key":                    sign(jwt.SigningMethodEdDSA, stranger.Private, func(tok *jwt.Token, _ jwt.MapClaims) { tok.Header["jwk"] = "mine" }),
		"a role of nobody's":              sign(jwt.SigningMethodEdDSA, key.Private, func(_ *jwt.Token, c jwt.MapClaims) { c["role"] = "root" }),
		"no role":                         sign(jwt.SigningMethodEdDSA, key.Private, func(_ *jwt.Token, c jwt.MapClaims) { c["role"] = "unspecified" }),
		"a scope of nobody's":             sign(jwt.SigningMethodEdDSA, key.Private, func(_ *jwt.Token, c jwt.MapClaims) { c["scope"] = "read everything" }),
		"a session that is no id":         sign(jwt.SigningMethodEdDSA, key.Private, func(_ *jwt.Token, c jwt.MapClaims) { c["sid"] = "1" }),
		"a claim of another kind":         sign(jwt.SigningMethodEdDSA, key.Private, func(_ *jwt.Token, c jwt.MapClaims) { c["role"] = []string{"operator"} }),
		"payload changed":                 parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"x"}`)) + "." + parts[2],
		"no signature":                    parts[0] + "." + parts[1] + ".",
		"too long":                        good + strings.Repeat("A", token.MaxLength),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := token.NewVerifier(keys, clock).Verify(t.Context(), raw); errs.Reason(err) != errorsv1.Reason_REASON_TOKEN_INVALID {
				t.Errorf("Verify: %v", err)
			}
		})
	}
}

func TestUnreachableKeySourceIsNotTheTokensFault(t *testing.T) {
	clock := clockwork.NewFakeClock()
	key, keys := newKey(t, "unreachable")
	raw, _ := key.Sign(token.Bearer{Player: uuid.Must(uuid.NewV7())}, clock.Now(), clock.Now().Add(time.Hour))
	_, err := token.NewVerifier(keys, clock).Verify(t.Context(), raw)
	if err == nil || errs.Reason(err) == errorsv1.Reason_REASON_TOKEN_INVALID {
		t.Errorf("Verify: %v", err)
	}
}

// TestClocksOfReplicasMayDiffer has a verifier whose clock is behind or ahead of the signer's. The signer's clock is within a second, which
// claims round away.
func TestClocksOfReplicasMayDiffer(t *testing.T) {
	const skew, life = 5 * time.Second, time.Minute
	for name, tc := range map[string]struct {
		ahead, age time.Duration // Of the signer's clock, and of the token by the verifier's.
		want       errorsv1.Reason
	}{
		"new, from a clock ahead":           {ahead: skew},
		"new, from a clock too far ahead":   {ahead: skew + time.Second, want: errorsv1.Reason_REASON_TOKEN_INVALID},
		"new, from a clock behind":          {ahead: -skew},
		"at its end, from a clock behind":   {ahead: -skew, age: life - time.Second},
		"after its end, from a clock ahead": {ahead: skew, age: life + 2*skew, want: errorsv1.Reason_REASON_TOKEN_EXPIRED},
	} {
		t.Run(name, func(t *testing.T) {
			clock := clockwork.NewFakeClockAt(time.Unix(1_700_000_000, 999_000_000))
			key, keys := newKey(t, "k1")
			player, signed := uuid.Must(uuid.NewV7()), clock.Now().Add(tc.ahead)
			raw, err := key.Sign(token.Bearer{Player: player}, signed, signed.Add(life))
			if err != nil {
				t.Fatal(err)
			}
			clock.Advance(tc.age)
			verifier := token.NewVerifier(keys, clock)
			for range 2 { // The second time from the cache.
				got, err := verifier.Verify(t.Context(), raw)
				if tc.want == 0 && (err != nil || got.Player != player) || tc.want != 0 && errs.Reason(err) != tc.want {
					t.Errorf("Verify = %v, %v", got, err)
				}
			}
		})
	}
}
