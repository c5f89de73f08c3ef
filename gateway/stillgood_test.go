package gateway

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

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
