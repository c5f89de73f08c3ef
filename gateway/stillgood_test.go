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

// TestConnectionsEndWithSessionsThatExpire has a token looked at whose session nobody refreshes.
func TestConnectionsEndWithSessionsThatExpire(t *testing.T) {
	for name, cfg := range map[string]config.Auth{
		"guests stay longer": {SessionTTL: time.Hour, GuestTokenTTL: 2 * time.Hour}, "others do": {SessionTTL: 2 * time.Hour, GuestTokenTTL: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			e, s := newExchange(t)
			s.cfg = cfg
			access, err := e.sign()
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			r.Header.Set("Authorization", "Bearer "+access)
			good := s.stillGood(httptest.NewRecorder(), r)
			e.clock.Advance(2*time.Hour - time.Second) // Its access token has expired, and another may have been got.
			if err := good(t.Context()); err != nil {
				t.Errorf("while the session may go on: %v", err)
			}
			e.clock.Advance(time.Second)
			if err := good(t.Context()); errs.Reason(err) != errorsv1.Reason_REASON_TOKEN_EXPIRED {
				t.Errorf("behind its end: %v", err)
			}
		})
	}
}

// TestCredentialsAreThoseThatWereTaken wants a connection to look at what its request was let in with, and at nothing else that came along.
func TestCredentialsAreThoseThatWereTaken(t *testing.T) {
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
				t.Errorf("it is %q, want %q", got, tc.want)
			}
		})
	}
}
