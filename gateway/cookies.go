package gateway

import (
	"context"
	"net/http"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

const (
	// sessionCookie holds a browser's access token.
	sessionCookie = "bitcraps_session"
	// refreshCookie holds the refresh token with which the next access token is obtained.
	refreshCookie = "bitcraps_refresh"
)

// cookies keep browsers signed in.
type cookies struct {
	secure bool // Whether browsers send them over HTTPS only.
	clock  clockwork.Clock
	origin *http.CrossOriginProtection
}

// newCookies returns cookies that pages of the gateway's own origin and of the trusted origins may use.
func newCookies(secure bool, clock clockwork.Clock, trusted []string) (cookies, error) {
	c := cookies{secure: secure, clock: clock, origin: http.NewCrossOriginProtection()}
	for _, origin := range trusted {
		if err := c.origin.AddTrustedOrigin(origin); err != nil {
			return cookies{}, err
		}
	}
	return c, nil
}

// sameOrigin refuses state-changing requests that a page of another origin makes a browser send (CSRF). SameSite cookies alone would
// not protect against other subdomains of the same domain. Clients other than browsers send no origin and pass.
func (c cookies) sameOrigin(r *http.Request) error {
	if err := c.origin.Check(r); err != nil {
		return errs.New(errorsv1.Reason_REASON_CROSS_ORIGIN, "the request comes from another site; call from the platform's own, or with \"Authorization: Bearer TOKEN\"")
	}
	return nil
}

// crossOrigin reports whether a page of another origin opens a WebSocket. The handshake is a GET, which the check for state-changing
// requests would let pass.
func (c cookies) crossOrigin(r *http.Request) bool {
	post := *r
	post.Method = http.MethodPost
	return c.origin.Check(&post) != nil
}

func (c cookies) set(w http.ResponseWriter, access string, accessEnds time.Time, refresh string, refreshEnds time.Time) {
	c.write(w, sessionCookie, access, accessEnds)
	if refresh != "" { // Releases without sessions return none.
		c.write(w, refreshCookie, refresh, refreshEnds)
	}
}

func (c cookies) write(w http.ResponseWriter, name, value string, ends time.Time) {
	c.add(w, name, value, max(1, int(ends.Sub(c.clock.Now()).Seconds())))
}

// clear removes the browser's cookies.
func (c cookies) clear(w http.ResponseWriter) {
	w.Header().Del("Set-Cookie")
	c.add(w, sessionCookie, "", -1)
	c.add(w, refreshCookie, "", -1)
}

func (c cookies) add(w http.ResponseWriter, name, value string, maxAge int) {
	//nolint:gosec // G124: Secure follows the configuration; over plain HTTP a browser would never send a Secure cookie back.
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode})
}

// cookieValue returns a cookie's value, or "" if the request does not have it.
func cookieValue(r *http.Request, name string) string {
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// markCookie records that a request was authenticated by cookie.
func markCookie(ctx context.Context) { recordOf(ctx).cookie = true }
