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

// signIn finds out who makes a call.
type signIn struct {
	cfg         config.Auth
	cookies     cookies
	verifier    *token.Verifier
	revocations *revocations
	players     apiv1.PlayerServiceClient
	sessions    apiv1.SessionServiceClient
	keys        *apiKeys
	limits      *limits
}

// authenticated returns a context in which calls are made on behalf of whoever makes the request. It fails where the route is for
// somebody who is signed in and may call it, and the request is not from one.
func (s *signIn) authenticated(ctx context.Context, w http.ResponseWriter, r *http.Request, route Route) (context.Context, error) {
	if !route.Rule.Person {
		return s.reader(ctx, w, r), nil
	}
	bearer, err := s.bearer(ctx, w, r, route)
	if err != nil {
		return ctx, err
	}
	caller := identity.Caller{Player: bearer.Player, Role: bearer.Role, Scopes: bearer.Scopes}
	if strings.HasPrefix(route.RPC, "/bitcraps.api.") {
		caller.Session = bearer.Session // Nobody else asks which it is.
	}
	if err := route.Rule.CheckPerson(caller); err != nil {
		return ctx, err
	}
	return identity.OnBehalf(ctx, caller), nil
}

// reader returns a context in which calls that need nobody are made on behalf of the one whose token, API key or cookie the request
// has, if it is good: private tables show themselves to those who were let in. Otherwise it is a stranger's, who sees the rest.
func (s *signIn) reader(ctx context.Context, w http.ResponseWriter, r *http.Request) context.Context {
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
		default: // They are somebody's.
			recordOf(ctx).unnamed = err
		}
		return ctx
	}
	return identity.OnBehalf(ctx, identity.Caller{Player: bearer.Player, Role: bearer.Role, Scopes: bearer.Scopes})
}

// bearer is who makes the request: by bearer token, by cookie, or as a new guest.
func (s *signIn) bearer(ctx context.Context, w http.ResponseWriter, r *http.Request, route Route) (token.Bearer, error) {
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
	if errs.Reason(err) != errorsv1.Reason_REASON_CREDENTIALS_MISSING || !s.takesGuests(route) {
		return bearer, err
	}
	if err := s.limits.ofGuest(ctx, w, r); err != nil {
		return token.Bearer{}, err
	}
	return s.newGuest(ctx, w, r)
}

// takesGuests is whether a call without credentials makes a guest. What is about credentials needs some.
func (s *signIn) takesGuests(route Route) bool {
	return s.cfg.AllowGuest && route.Rule.Scope != optionsv1.Scope_SCOPE_UNSPECIFIED && slices.Contains(route.Rule.Roles, optionsv1.Role_ROLE_PLAYER)
}

// byToken is whose access token or API key it is.
func (s *signIn) byToken(ctx context.Context, w http.ResponseWriter, r *http.Request, raw string) (token.Bearer, error) {
	if raw = strings.TrimSpace(raw); strings.HasPrefix(raw, identity.KeyPrefix) {
		return s.keys.bearer(ctx, raw, s.verify, func() error { return s.limits.ofSignIn(ctx, w, r) })
	}
	return s.verify(ctx, raw)
}

// verify checks an access token.
func (s *signIn) verify(ctx context.Context, raw string) (token.Bearer, error) {
	bearer, err := s.verifier.Verify(ctx, raw)
	if err == nil {
		err = s.revocations.check(ctx, bearer)
	}
	return bearer, err
}

// byCookie is who a browser's cookies name. Where the access token has expired, or its key was retired, it refreshes the session, and
// where that is over it removes the cookies, so that the next call starts anew.
func (s *signIn) byCookie(ctx context.Context, w http.ResponseWriter, r *http.Request) (token.Bearer, error) {
	access := value(r, sessionCookie)
	var err error
	if access != "" {
		bearer, invalid := s.verify(ctx, access)
		if invalid == nil {
			markCookie(ctx)
			return bearer, nil
		}
		err = invalid
	}
	refresh := value(r, refreshCookie)
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

// refresh uses a refresh token and sets the cookies that come of it.
func (s *signIn) refresh(ctx context.Context, w http.ResponseWriter, r *http.Request, refresh string) (token.Bearer, error) {
	if err := s.limits.ofGuest(ctx, w, r); err != nil {
		return token.Bearer{}, err
	}
	resp, err := s.sessions.RefreshSession(ctx, &apiv1.RefreshSessionRequest{RefreshToken: refresh})
	if err != nil {
		return token.Bearer{}, err
	}
	c := resp.GetCredentials() // The browser gets them in any case: the refresh token that it has is used.
	s.cookies.set(w, c.GetAccessToken(), c.GetExpiresAt().AsTime(), c.GetRefreshToken(), c.GetRefreshExpiresAt().AsTime())
	bearer, err := s.verify(ctx, c.GetAccessToken())
	if errs.Reason(err) == errorsv1.Reason_REASON_TOKEN_INVALID {
		err = errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the key of the new token is not known here yet; try again").RetryAfter(keysRefetchAfter)
	}
	return bearer, err
}

func (s *signIn) newGuest(ctx context.Context, w http.ResponseWriter, r *http.Request) (token.Bearer, error) {
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

// clientLength is how much of a browser's name for itself is kept.
const clientLength = 100

// clientOf is what a browser calls itself.
func clientOf(r *http.Request) string {
	name := strings.ToValidUTF8(r.UserAgent(), "")
	for len(name) > clientLength {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	return name
}
