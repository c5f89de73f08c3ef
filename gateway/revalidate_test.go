package gateway

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// TestConnectionsEndWhenSessionExpires revalidates a token whose session is never refreshed.
func TestConnectionsEndWhenSessionExpires(t *testing.T) {
	for name, cfg := range map[string]config.Auth{
		"guests' lifetime is longer": {SessionTTL: time.Hour, GuestTokenTTL: 2 * time.Hour}, "sessions' lifetime is longer": {SessionTTL: 2 * time.Hour, GuestTokenTTL: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			e, s := newFakeAPI(t)
			s.cfg = cfg
			access, err := e.sign()
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			r.Header.Set("Authorization", "Bearer "+access)
			good := s.revalidator(httptest.NewRecorder(), r)
			e.clock.Advance(2*time.Hour - time.Second) // The access token has expired, but the session may have been refreshed.
			if err := good(t.Context()); err != nil {
				t.Errorf("while the session may still be valid: %v", err)
			}
			e.clock.Advance(time.Second)
			if err := good(t.Context()); errs.Reason(err) != errorsv1.Reason_REASON_TOKEN_EXPIRED {
				t.Errorf("after its expiry: %v", err)
			}
		})
	}
}

// TestRevalidatedCredentials checks that a connection revalidates the credentials with which its request was authenticated, and not
// others that the request also contained.
func TestRevalidatedCredentials(t *testing.T) {
	for name, tc := range map[string]struct{ header, cookie, refreshed, want string }{
		"a token":                          {header: "Bearer token", cookie: "old", want: "token"},
		"a cookie":                         {cookie: "cookie", want: "cookie"},
		"a cookie beside an empty header":  {header: "Bearer", cookie: "cookie", want: "cookie"},
		"a cookie that was just refreshed": {cookie: "old", refreshed: "new", want: "new"},
	} {
		t.Run(name, func(t *testing.T) {
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
			if tc.header != "" {
				r.Header.Set("Authorization", tc.header)
			}
			r.AddCookie(&http.Cookie{Name: sessionCookie, Value: tc.cookie})
			if tc.refreshed != "" {
				http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: tc.refreshed})
			}
			if got := credentials(w, r); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
