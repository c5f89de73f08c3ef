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
	// refreshCookie holds the refresh token that gets the next one.
	refreshCookie = "bitcraps_refresh"
)

// cookies keep browsers signed in.
type cookies struct {
	secure bool // Whether they travel by HTTPS alone.
	clock  clockwork.Clock
	origin *http.CrossOriginProtection
}

// newCookies takes the origins whose pages may use the cookies beside the gateway's own.
func newCookies(secure bool, clock clockwork.Clock, trusted []string) (cookies, error) {
	c := cookies{secure: secure, clock: clock, origin: http.NewCrossOriginProtection()}
	for _, origin := range trusted {
		if err := c.origin.AddTrustedOrigin(origin); err != nil {
			return cookies{}, err
		}
	}
	return c, nil
}

// sameOrigin refuses what another site's page has a browser send to change something. SameSite alone would leave out sites below
// the same domain. What is no browser names no origin.
func (c cookies) sameOrigin(r *http.Request) error {
	if err := c.origin.Check(r); err != nil {
		return errs.New(errorsv1.Reason_REASON_CROSS_ORIGIN, "another site sent this; call from the platform's own, or with \"Authorization: Bearer TOKEN\"")
	}
	return nil
}

// foreign reports whether another site's page has a browser open a WebSocket, which is a GET that does more than to read.
func (c cookies) foreign(r *http.Request) bool {
	post := *r
	post.Method = http.MethodPost
	return c.origin.Check(&post) != nil
}

func (c cookies) set(w http.ResponseWriter, access string, accessEnds time.Time, refresh string, refreshEnds time.Time) {
	c.write(w, sessionCookie, access, accessEnds)
	if refresh != "" { // Releases without sessions give none.
		c.write(w, refreshCookie, refresh, refreshEnds)
	}
}

func (c cookies) write(w http.ResponseWriter, name, value string, ends time.Time) {
	c.add(w, name, value, max(1, int(ends.Sub(c.clock.Now()).Seconds())))
}

// clear has the browser forget who it is.
func (c cookies) clear(w http.ResponseWriter) {
	w.Header().Del("Set-Cookie")
	c.add(w, sessionCookie, "", -1)
	c.add(w, refreshCookie, "", -1)
}

func (c cookies) add(w http.ResponseWriter, name, value string, maxAge int) {
	//nolint:gosec // G124: Secure follows the configuration; on plain HTTP a Secure cookie would never come back.
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode})
}

// value is a cookie's, or empty.
func value(r *http.Request, name string) string {
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// markCookie remembers that a request was made by cookie.
func markCookie(ctx context.Context) { recordOf(ctx).cookie = true }
