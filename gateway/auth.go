package gateway

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

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

// stillGood returns what a connection asks from time to time: whether the credentials that it was opened with, or was given
// when it was, would still open it.
func (s *signIn) stillGood(w http.ResponseWriter, r *http.Request) func(context.Context) error {
	raw := ""
	if cookie, err := r.Cookie(cookieName); err == nil {
		raw = cookie.Value
	}
	if header := r.Header.Get("Authorization"); header != "" {
		_, raw, _ = strings.Cut(header, " ")
	}
	for _, line := range w.Header().Values("Set-Cookie") { // A new guest's.
		if cookie, err := http.ParseSetCookie(line); err == nil && cookie.Name == cookieName && raw == "" {
			raw = cookie.Value
		}
	}
	raw = strings.Clone(strings.TrimSpace(raw)) // The rest of the header need not live as long as the connection.
	return func(ctx context.Context) error {
		_, err := s.verifier.Verify(ctx, raw)
		return err
	}
}
