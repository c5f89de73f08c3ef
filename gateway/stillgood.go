package gateway

import (
	"context"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/token"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// askTimeout is how long a connection may wait to hear whether its credentials are good: it sends nothing meanwhile.
const askTimeout = 2 * time.Second

// stillGood returns what a connection asks from time to time: whether the session that it was opened in goes on. Access tokens
// are for a few minutes, and their end is not the session's. While nobody can say, it goes on, for as long as a session can that
// nobody refreshes.
func (s *signIn) stillGood(w http.ResponseWriter, r *http.Request) func(context.Context) error {
	check := s.checkAgain(r.Context(), credentials(w, r))
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, askTimeout)
		defer cancel()
		err := check(ctx)
		if code := status.Code(err); code != codes.Unauthenticated && code != codes.PermissionDenied {
			return nil
		}
		return err
	}
}

// credentials are the access token or the API key that a request was made with.
func credentials(w http.ResponseWriter, r *http.Request) string {
	raw := value(r, sessionCookie)
	for _, line := range w.Header().Values("Set-Cookie") { // A new guest's, or a refreshed session's.
		if cookie, err := http.ParseSetCookie(line); err == nil && cookie.Name == sessionCookie {
			raw = cookie.Value
		}
	}
	if _, bearer, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		raw = bearer
	}
	return strings.Clone(strings.TrimSpace(raw)) // The rest of the header need not live as long as the connection.
}

// checkAgain returns how credentials that were good are looked at again.
func (s *signIn) checkAgain(ctx context.Context, raw string) func(context.Context) error {
	if strings.HasPrefix(raw, identity.KeyPrefix) {
		return func(ctx context.Context) error {
			_, err := s.keys.bearer(ctx, raw, s.verify, func() error { return nil })
			return err
		}
	}
	bearer, err := s.verifier.Verify(ctx, raw)
	return func(ctx context.Context) error {
		if err != nil { // Nobody could say then.
			bearer, err = s.verifier.Verify(ctx, raw)
		}
		if err != nil {
			return err
		}
		if err := s.lasts(bearer); err != nil {
			return err
		}
		return s.revocations.check(ctx, bearer)
	}
}

// lasts fails where the session of a token has expired, unless it was refreshed: then there is a token that is younger. A session
// that expires does not end, so nothing else tells of it.
func (s *signIn) lasts(bearer token.Bearer) error {
	if last := bearer.Issued.Add(max(s.cfg.SessionTTL, s.cfg.GuestTokenTTL)); s.revocations.clock.Now().Before(last) {
		return nil
	}
	return errs.New(errorsv1.Reason_REASON_TOKEN_EXPIRED, "the token is as old as a session becomes that is not refreshed; connect again with a new one")
}
