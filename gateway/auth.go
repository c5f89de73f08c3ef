package gateway

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/token"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// authenticator determines who makes a request.
type authenticator struct {
	cfg         config.Auth
	cookies     cookies
	verifier    *token.Verifier
	revocations *revocations
	players     apiv1.PlayerServiceClient
	sessions    apiv1.SessionServiceClient
	apiKeys     *apiKeys
	rateLimits  *rateLimiter
}

// authenticate returns a context in which upstream calls are made on behalf of the request's caller. It fails if the route requires a
// signed-in person and the caller is not signed in or may not call it.
func (s *authenticator) authenticate(ctx context.Context, w http.ResponseWriter, r *http.Request, route Route) (context.Context, error) {
	if !route.Rule.RequiresPlayer {
		return s.authenticateOptionally(ctx, w, r), nil
	}
	bearer, err := s.identifyCaller(ctx, w, r, route)
	if err != nil {
		return ctx, err
	}
	caller := identity.Caller{Player: bearer.Player, Role: bearer.Role, Scopes: bearer.Scopes}
	if strings.HasPrefix(route.RPC, "/bitcraps.api.") {
		caller.Session = bearer.Session // Only the api service needs the session.
	}
	if err := route.Rule.CheckPlayer(caller); err != nil {
		return ctx, err
	}
	return identity.OnBehalfOf(ctx, caller), nil
}

// authenticateOptionally handles routes that anyone may call. If the request has a valid token, API key or cookie, it returns a context
// in which upstream calls are made on behalf of its owner, since private tables are visible only to admitted players. Otherwise the
// caller is anonymous and sees only public tables.
func (s *authenticator) authenticateOptionally(ctx context.Context, w http.ResponseWriter, r *http.Request) context.Context {
	var bearer token.Bearer
	var err error
	if _, raw, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		bearer, err = s.byToken(ctx, w, r, raw)
	} else {
		bearer, err = s.byCookie(ctx, w, r)
	}
	if err != nil {
		switch errs.Reason(err) {
		case errorsv1.Reason_REASON_CREDENTIALS_MISSING, errorsv1.Reason_REASON_TOKEN_INVALID, errorsv1.Reason_REASON_INVALID_FIELD:
		default: // The credentials are well-formed, so they belong to a player who should learn why they failed.
			recordOf(ctx).credentialsErr = err
		}
		return ctx
	}
	return identity.OnBehalfOf(ctx, identity.Caller{Player: bearer.Player, Role: bearer.Role, Scopes: bearer.Scopes})
}

// identifyCaller returns the request's caller, identified by bearer token, by cookie, or as a new guest.
func (s *authenticator) identifyCaller(ctx context.Context, w http.ResponseWriter, r *http.Request, route Route) (token.Bearer, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, raw, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return token.Bearer{}, errs.New(errorsv1.Reason_REASON_TOKEN_INVALID, "send the token as \"Authorization: Bearer TOKEN\"")
		}
		return s.byToken(ctx, w, r, raw)
	}
	if err := s.cookies.sameOrigin(r); err != nil {
		return token.Bearer{}, err
	}
	bearer, err := s.byCookie(ctx, w, r)
	if errs.Reason(err) != errorsv1.Reason_REASON_CREDENTIALS_MISSING || !s.admitsGuests(route) {
		return bearer, err
	}
	if err := s.rateLimits.countGuest(ctx, w, r); err != nil {
		return token.Bearer{}, err
	}
	return s.newGuest(ctx, w, r)
}

// admitsGuests reports whether a call without credentials creates a guest. Calls about credentials themselves require credentials.
func (s *authenticator) admitsGuests(route Route) bool {
	return s.cfg.AllowGuest && route.Rule.Scope != optionsv1.Scope_SCOPE_UNSPECIFIED && slices.Contains(route.Rule.Roles, optionsv1.Role_ROLE_PLAYER)
}

// byToken returns the owner of an access token or an API key.
func (s *authenticator) byToken(ctx context.Context, w http.ResponseWriter, r *http.Request, raw string) (token.Bearer, error) {
	if raw = strings.TrimSpace(raw); strings.HasPrefix(raw, identity.KeyPrefix) {
		return s.apiKeys.bearer(ctx, raw, s.verify, func() error { return s.rateLimits.countSignIn(ctx, w, r) })
	}
	return s.verify(ctx, raw)
}

// verify checks an access token's signature and expiry, and that its session has not ended.
func (s *authenticator) verify(ctx context.Context, raw string) (token.Bearer, error) {
	bearer, err := s.verifier.Verify(ctx, raw)
	if err == nil {
		err = s.revocations.check(ctx, bearer)
	}
	return bearer, err
}

// byCookie returns the caller that a browser's cookies identify. If the access token has expired or its signing key was retired, it
// refreshes the session. If the session is over, it clears the cookies, so that the next call starts without credentials.
func (s *authenticator) byCookie(ctx context.Context, w http.ResponseWriter, r *http.Request) (token.Bearer, error) {
	access := cookieValue(r, sessionCookie)
	var err error
	if access != "" {
		bearer, invalid := s.verify(ctx, access)
		if invalid == nil {
			markCookie(ctx)
			return bearer, nil
		}
		err = invalid
	}
	refresh := cookieValue(r, refreshCookie)
	if access == "" && refresh == "" {
		return token.Bearer{}, errs.New(errorsv1.Reason_REASON_CREDENTIALS_MISSING, "sign in and send the token as \"Authorization: Bearer TOKEN\"")
	}
	reason := errs.Reason(err)
	if refresh != "" && (access == "" || reason == errorsv1.Reason_REASON_TOKEN_EXPIRED || reason == errorsv1.Reason_REASON_TOKEN_INVALID) {
		var bearer token.Bearer
		if bearer, err = s.refresh(ctx, w, r, refresh); err == nil {
			markCookie(ctx)
			return bearer, nil
		}
	}
	switch errs.Reason(err) {
	case errorsv1.Reason_REASON_TOKEN_EXPIRED, errorsv1.Reason_REASON_TOKEN_INVALID, errorsv1.Reason_REASON_SESSION_ENDED,
		errorsv1.Reason_REASON_REFRESH_TOKEN_REUSED, errorsv1.Reason_REASON_INVALID_FIELD:
		s.cookies.clear(w)
	}
	return token.Bearer{}, err
}

// refresh exchanges a refresh token for new tokens and sets the cookies.
func (s *authenticator) refresh(ctx context.Context, w http.ResponseWriter, r *http.Request, refresh string) (token.Bearer, error) {
	if err := s.rateLimits.countGuest(ctx, w, r); err != nil {
		return token.Bearer{}, err
	}
	resp, err := s.sessions.RefreshSession(ctx, &apiv1.RefreshSessionRequest{RefreshToken: refresh})
	if err != nil {
		return token.Bearer{}, err
	}
	c := resp.GetCredentials() // Set the cookies even if verification fails below: the browser's own refresh token is used up.
	s.cookies.set(w, c.GetAccessToken(), c.GetExpiresAt().AsTime(), c.GetRefreshToken(), c.GetRefreshExpiresAt().AsTime())
	bearer, err := s.verify(ctx, c.GetAccessToken())
	if errs.Reason(err) == errorsv1.Reason_REASON_TOKEN_INVALID {
		err = errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the key of the new token is not known here yet; try again").RetryAfter(keysRefetchAfter)
	}
	return bearer, err
}

func (s *authenticator) newGuest(ctx context.Context, w http.ResponseWriter, r *http.Request) (token.Bearer, error) {
	guest, err := s.players.CreateGuest(ctx, &apiv1.CreateGuestRequest{Client: clientOf(r)})
	if err != nil {
		return token.Bearer{}, err
	}
	player, err := uuid.Parse(guest.GetPlayerId())
	if err != nil {
		return token.Bearer{}, err
	}
	s.cookies.set(w, guest.GetAccessToken(), guest.GetExpiresAt().AsTime(), guest.GetRefreshToken(), guest.GetRefreshExpiresAt().AsTime())
	return token.Bearer{Player: player, Role: optionsv1.Role_ROLE_PLAYER}, nil
}

// clientLength is the maximum length in bytes of the stored client name.
const clientLength = 100

// clientOf returns the client's name for a new session: its user agent, truncated.
func clientOf(r *http.Request) string {
	name := strings.ToValidUTF8(r.UserAgent(), "")
	for len(name) > clientLength {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	return name
}
