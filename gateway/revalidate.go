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

// revalidateTimeout bounds the check of a connection's credentials, since the connection sends nothing in the meantime.
const revalidateTimeout = 2 * time.Second

// revalidator returns a function that a long-lived connection calls periodically to check that the session in which it was opened is
// still valid. Access tokens are valid for a few minutes only, and their expiry does not end the session. If the check can't be made,
// for example because the api service is unavailable, the session counts as valid, for at most the lifetime of a session that is
// never refreshed.
func (s *authenticator) revalidator(w http.ResponseWriter, r *http.Request) func(context.Context) error {
	check := s.credentialsCheck(r.Context(), credentials(w, r))
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, revalidateTimeout)
		defer cancel()
		err := check(ctx)
		if code := status.Code(err); code != codes.Unauthenticated && code != codes.PermissionDenied {
			return nil
		}
		return err
	}
}

// credentials returns the access token or the API key with which a request was authenticated.
func credentials(w http.ResponseWriter, r *http.Request) string {
	raw := cookieValue(r, sessionCookie)
	for _, line := range w.Header().Values("Set-Cookie") { // Set for a new guest or a refreshed session.
		if cookie, err := http.ParseSetCookie(line); err == nil && cookie.Name == sessionCookie {
			raw = cookie.Value
		}
	}
	if _, bearer, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		raw = bearer
	}
	return strings.Clone(strings.TrimSpace(raw)) // So that the connection does not keep the whole header in memory.
}

// credentialsCheck returns a function that checks again credentials that were valid when the connection was opened.
func (s *authenticator) credentialsCheck(ctx context.Context, raw string) func(context.Context) error {
	if strings.HasPrefix(raw, identity.KeyPrefix) {
		return func(ctx context.Context) error {
			_, err := s.apiKeys.bearer(ctx, raw, s.verify, func() error { return nil })
			return err
		}
	}
	bearer, err := s.verifier.Verify(ctx, raw)
	return func(ctx context.Context) error {
		if err != nil { // The first verification could not be made.
			bearer, err = s.verifier.Verify(ctx, raw)
		}
		if err != nil {
			return err
		}
		if err := s.checkSessionAge(bearer); err != nil {
			return err
		}
		return s.revocations.check(ctx, bearer)
	}
}

// checkSessionAge fails if the session of a token has expired, unless it was refreshed, in which case a newer token exists. Expired
// sessions are not listed as ended sessions, so the revocations don't contain them.
func (s *authenticator) checkSessionAge(bearer token.Bearer) error {
	if last := bearer.Issued.Add(max(s.cfg.SessionTTL, s.cfg.GuestTokenTTL)); s.revocations.clock.Now().Before(last) {
		return nil
	}
	return errs.New(errorsv1.Reason_REASON_TOKEN_EXPIRED, "the token is older than a session that was not refreshed can be; connect again with a new token")
}
