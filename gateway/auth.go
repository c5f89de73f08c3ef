package gateway

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/token"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// cookieName is the cookie that a guest's token is kept in.
const cookieName = "bitcraps_session"

// signIn finds out which player makes a call.
type signIn struct {
	cfg      config.Auth
	secure   bool // Whether cookies travel by HTTPS alone.
	verifier *token.Verifier
	players  apiv1.PlayerServiceClient
	limits   *limits
}

// player returns who calls: by bearer token, by cookie, or as a new guest, whose cookie it sets. It fails where the call
// must be made by a player and is not.
func (s *signIn) player(ctx context.Context, w http.ResponseWriter, r *http.Request) (uuid.UUID, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, raw, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return uuid.Nil, errs.New(errorsv1.Reason_REASON_TOKEN_INVALID, "send the token as \"Authorization: Bearer TOKEN\"")
		}
		return s.verifier.Verify(ctx, strings.TrimSpace(raw))
	}
	if cookie, err := r.Cookie(cookieName); err == nil {
		player, err := s.verifier.Verify(ctx, cookie.Value)
		if errs.Reason(err) == errorsv1.Reason_REASON_TOKEN_EXPIRED || errs.Reason(err) == errorsv1.Reason_REASON_TOKEN_INVALID {
			s.setCookie(w, "", -1) // The next call starts anew.
		}
		return player, err
	}
	if !s.cfg.AllowGuest {
		return uuid.Nil, errs.New(errorsv1.Reason_REASON_CREDENTIALS_MISSING, "sign in and send the token as \"Authorization: Bearer TOKEN\"")
	}
	if err := s.limits.ofGuest(ctx, w, r); err != nil {
		return uuid.Nil, err
	}
	return s.newGuest(ctx, w)
}

func (s *signIn) newGuest(ctx context.Context, w http.ResponseWriter) (uuid.UUID, error) {
	guest, err := s.players.CreateGuest(ctx, &apiv1.CreateGuestRequest{})
	if err != nil {
		return uuid.Nil, err
	}
	player, err := uuid.Parse(guest.GetPlayerId())
	if err != nil {
		return uuid.Nil, err
	}
	s.setCookie(w, guest.GetAccessToken(), int(time.Until(guest.GetExpiresAt().AsTime()).Seconds()))
	return player, nil
}

func (s *signIn) setCookie(w http.ResponseWriter, value string, maxAge int) {
	//nolint:gosec // G124: Secure follows the configuration; on plain HTTP a Secure cookie would never come back.
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: s.secure,
		SameSite: http.SameSiteLaxMode})
}

// authenticated returns a context in which calls are made on behalf of the player whose request it is.
func (s *signIn) authenticated(ctx context.Context, w http.ResponseWriter, r *http.Request) (context.Context, error) {
	player, err := s.player(ctx, w, r)
	if err != nil {
		return ctx, err
	}
	return identity.WithPlayer(ctx, player), nil
}

// keySource keeps the public keys that the api service publishes.
type keySource struct {
	keys  apiv1.KeyServiceClient
	clock clockwork.Clock

	mu      sync.Mutex
	known   map[string]ed25519.PublicKey
	fetched time.Time
}

const (
	// keysFreshFor is how long fetched keys are believed to be all.
	keysFreshFor = 5 * time.Minute
	// keysRefetchAfter is how long an unknown key id can't make the gateway ask again: anyone can send any id.
	keysRefetchAfter = 5 * time.Second
)

func newKeySource(keys apiv1.KeyServiceClient, clock clockwork.Clock) *keySource {
	return &keySource{keys: keys, clock: clock}
}

// PublicKey implements token.KeySource.
func (s *keySource) PublicKey(ctx context.Context, kid string) (ed25519.PublicKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	age := s.clock.Since(s.fetched)
	key, ok := s.known[kid]
	if s.known != nil && (ok && age < keysFreshFor || !ok && age < keysRefetchAfter) {
		return key, nil
	}
	resp, err := s.keys.ListKeys(ctx, &apiv1.ListKeysRequest{})
	if err != nil {
		if ok {
			return key, nil // An old key is better than none while the api service is away.
		}
		return nil, err
	}
	s.known, s.fetched = make(map[string]ed25519.PublicKey), s.clock.Now()
	for _, jwk := range resp.GetKeys() {
		public, err := base64.RawURLEncoding.DecodeString(jwk.GetX())
		if err == nil && len(public) == ed25519.PublicKeySize && jwk.GetCrv() == "Ed25519" {
			s.known[jwk.GetKid()] = public
		}
	}
	return s.known[kid], nil
}
