package e2e_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

const (
	me       = "/api/v1/players/me"
	sessions = "/api/v1/sessions"
	refresh  = "/api/v1/sessions:refresh"
)

// app returns a client that sends an access token instead of cookies.
func app(t *testing.T, base, access string) *client {
	t.Helper()
	c := newClient(t, base)
	c.http.Jar = nil
	if access != "" {
		c.header.Set("Authorization", "Bearer "+access)
	}
	return c
}

// waitUntilRefused waits until every gateway refuses an access token, and returns the last one's reason.
func waitUntilRefused(t *testing.T, tg *target, access string) (reason string) {
	t.Helper()
	for _, gateway := range tg.gateways {
		testserver.Eventually(t, "the end of a session at "+gateway.url, func() bool {
			resp := app(t, gateway.url, access).do("GET", me, nil)
			reason = resp.reason()
			return resp.status == 401
		})
	}
	return reason
}

func refreshing(token string) map[string]any { return map[string]any{"refresh_token": token} }

func TestRefreshTokensAreSingleUse(t *testing.T) { forEachTarget(t, refreshTokensAreSingleUse) }

func refreshTokensAreSingleUse(t *testing.T, tg *target) {
	c := app(t, tg.url(), "")
	guest := c.must(201, "POST", "/api/v1/players/guests", map[string]any{"client": "a phone"})
	first := guest.str("refresh_token")
	second := c.must(200, "POST", refresh, refreshing(first))
	if second.str("player_id") != guest.str("player_id") || second.str("session_id") != guest.str("session_id") || second.str("refresh_token") == first {
		t.Errorf("refreshed to %s", second.text)
	}
	if again := c.must(200, "POST", refresh, refreshing(first)); again.str("refresh_token") != second.str("refresh_token") {
		t.Error("the request whose answer was lost has another answer")
	}
	third := c.must(200, "POST", refresh, refreshing(second.str("refresh_token")))
	app(t, tg.url(), third.str("access_token")).must(200, "GET", me, nil)
	if resp := c.do("POST", refresh, refreshing(first)); resp.status != 401 || resp.reason() != "REFRESH_TOKEN_REUSED" {
		t.Errorf("the token before the previous one: %d %s", resp.status, resp.text)
	}
	if resp := c.do("POST", refresh, refreshing(third.str("refresh_token"))); resp.status != 401 || resp.reason() != "SESSION_ENDED" {
		t.Errorf("the newest token afterwards: %d %s", resp.status, resp.text)
	}
	for _, access := range []string{guest.str("access_token"), third.str("access_token")} {
		if reason := waitUntilRefused(t, tg, access); reason != "SESSION_ENDED" {
			t.Errorf("its access token: %s", reason)
		}
	}
}

func TestTokenTypesAreNotInterchangeable(t *testing.T) {
	forEachTarget(t, tokenTypesAreNotInterchangeable)
}

func tokenTypesAreNotInterchangeable(t *testing.T, tg *target) {
	c := app(t, tg.url(), "")
	guest := c.must(201, "POST", "/api/v1/players/guests", nil)
	if resp := app(t, tg.url(), guest.str("refresh_token")).do("GET", me, nil); resp.status != 401 || resp.reason() != "TOKEN_INVALID" {
		t.Errorf("a refresh token as an access token: %d %s", resp.status, resp.text)
	}
	token := guest.str("refresh_token")
	for name, text := range map[string]string{
		"an access token": guest.str("access_token")[:255], "garbage": "x", "the id of the session with other secrets": token[:40] + strings.Repeat("A", 67),
		"a line end": token[:106] + "\n",
	} {
		if resp := c.do("POST", refresh, refreshing(text)); resp.status != 401 || resp.reason() != "TOKEN_INVALID" {
			t.Errorf("%s as a refresh token: %d %s", name, resp.status, resp.text)
		}
	}
	c.must(200, "POST", refresh, refreshing(token)) // None of these calls ended the session.
}

func TestSessionsAreListedAndEnded(t *testing.T) { forEachTarget(t, sessionsAreListedAndEnded) }

func sessionsAreListedAndEnded(t *testing.T, tg *target) {
	guest := app(t, tg.url(), "").must(201, "POST", "/api/v1/players/guests", map[string]any{"client": "a phone"})
	phone := app(t, tg.url(), guest.str("access_token"))
	list := phone.must(200, "GET", sessions, nil).list("sessions")
	if len(list) != 1 || list[0]["session_id"] != guest.str("session_id") || list[0]["client"] != "a phone" || list[0]["current"] != true {
		t.Errorf("sessions %v", list)
	}
	stranger := newClient(t, tg.url())
	stranger.balance()
	if resp := stranger.do("DELETE", sessions+"/"+guest.str("session_id"), nil); resp.status != 404 || resp.reason() != "SESSION_NOT_FOUND" {
		t.Errorf("another player's session: %d %s", resp.status, resp.text)
	}
	for _, path := range []string{"/not-an-id", "/..%2f..", "/current%00"} {
		if resp := phone.do("DELETE", sessions+path, nil); resp.status != 400 && resp.status != 404 {
			t.Errorf("%s: %d %s", path, resp.status, resp.text)
		}
	}
	if ended := phone.must(200, "DELETE", sessions+"/current", nil); ended.at("current") != true {
		t.Errorf("ended %s", ended.text)
	}
	if reason := waitUntilRefused(t, tg, guest.str("access_token")); reason != "SESSION_ENDED" {
		t.Errorf("after the end: %s", reason)
	}
	if resp := phone.do("POST", refresh, refreshing(guest.str("refresh_token"))); resp.status != 401 || resp.reason() != "SESSION_ENDED" {
		t.Errorf("refreshing it: %d %s", resp.status, resp.text)
	}
	for _, path := range []string{sessions, sessions + "/current"} { // No guest is created just to end sessions.
		if resp := newClient(t, tg.url()).do("DELETE", path, nil); resp.status != 401 || resp.header.Get("Set-Cookie") != "" {
			t.Errorf("%s without credentials: %d %s", path, resp.status, resp.text)
		}
	}
}

func TestBrowsersStaySignedIn(t *testing.T) { forEachTarget(t, browsersStaySignedIn) }

func browsersStaySignedIn(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	before := c.must(200, "GET", me, nil).str("player_id")
	at, _ := url.Parse(c.base)
	expire := func() (old string) {
		for _, cookie := range c.http.Jar.Cookies(at) {
			if cookie.Name == "bitcraps_session" {
				old = cookie.Value
				c.http.Jar.SetCookies(at, []*http.Cookie{{Name: cookie.Name, MaxAge: -1, Path: "/"}})
			}
		}
		return old
	}
	game := "/api/v1/games/" + c.must(201, "POST", "/api/v1/games", map[string]any{"private": true}).str("game_id")
	expire()
	c.must(200, "GET", game, nil) // A read that anyone may make, of a game that only members can see.
	old := expire()
	resp := c.must(200, "GET", me, nil)
	if resp.str("player_id") != before || len(resp.header.Values("Set-Cookie")) != 2 {
		t.Errorf("was %s, is %s with cookies %q", before, resp.text, resp.header.Values("Set-Cookie"))
	}
	if ended := c.must(200, "DELETE", sessions, nil); ended.num("ended") != 1 {
		t.Errorf("ended %s", ended.text)
	}
	if left := c.http.Jar.Cookies(at); len(left) != 0 {
		t.Errorf("signed out with cookies %v", left)
	}
	if reason := waitUntilRefused(t, tg, old); reason != "SESSION_ENDED" {
		t.Errorf("a copy of the cookie after signing out: %s", reason)
	}
	if after := c.must(200, "GET", me, nil).str("player_id"); after == before {
		t.Error("the player is still signed in")
	}
}

// TestOtherSitesCannotUseCookies sends the headers that a browser sends for a page of another site.
func TestOtherSitesCannotUseCookies(t *testing.T) { forEachTarget(t, otherSitesCannotUseCookies) }

func otherSitesCannotUseCookies(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	game := c.newGame()
	host := strings.TrimPrefix(tg.url(), "http://")
	for name, tc := range map[string]struct {
		header, value string
		status        int
	}{
		"its own page":                  {"Sec-Fetch-Site", "same-origin", 201},
		"typed by the user":             {"Sec-Fetch-Site", "none", 201},
		"a foreign page":                {"Sec-Fetch-Site", "cross-site", 403},
		"a page below its domain":       {"Sec-Fetch-Site", "same-site", 403},
		"a foreign page, old browser":   {"Origin", "https://evil.example", 403},
		"an opaque origin":              {"Origin", "null", 403},
		"its own page, old browser":     {"Origin", "http://" + strings.TrimPrefix(c.base, "http://"), 201},
		"no browser":                    {"X-Nothing", host, 201},
		"another port of the same host": {"Origin", "http://127.0.0.1:1", 403},
	} {
		resp := c.do("POST", "/api/v1/games", nil, tc.header, tc.value)
		if resp.status != tc.status || tc.status == 403 && resp.reason() != "CROSS_ORIGIN" {
			t.Errorf("%s: %d %s", name, resp.status, resp.text)
		}
	}
	c.must(200, "GET", game+"/bets", nil, "Sec-Fetch-Site", "cross-site") // Reading changes nothing, and no page sees the answer.
	if resp := newClient(t, tg.url()).do("POST", "/api/v1/games", nil, "Sec-Fetch-Site", "cross-site"); resp.status != 403 {
		t.Errorf("a foreign page created a guest: %d", resp.status)
	}
	guest := app(t, tg.url(), "").must(201, "POST", "/api/v1/players/guests", nil, "Origin", "https://evil.example")
	app(t, tg.url(), guest.str("access_token")).must(201, "POST", "/api/v1/games", nil, "Origin", "https://evil.example")
}

// TestProtectedFieldsAreRefused sends fields that a player must not set.
func TestProtectedFieldsAreRefused(t *testing.T) { forEachTarget(t, protectedFieldsAreRefused) }

func protectedFieldsAreRefused(t *testing.T, tg *target) {
	for _, field := range []string{"role", "kind", "balance", "player_id", "scopes"} {
		resp := app(t, tg.url(), "").do("POST", "/api/v1/players/guests", map[string]any{"client": "x", field: "ROLE_OPERATOR"})
		if resp.status != 400 || resp.reason() != "MALFORMED_BODY" {
			t.Errorf("%s: %d %s", field, resp.status, resp.text)
		}
	}
	guest := newClient(t, tg.url())
	if role := guest.must(200, "GET", me+"?", nil).str("role"); role != "ROLE_PLAYER" {
		t.Errorf("a guest is %s", role)
	}
	if resp := guest.do("GET", "/api/v1/ledger/audit", nil); resp.status != 403 || resp.reason() != "ROLE_NOT_ALLOWED" {
		t.Errorf("a player reads the books: %d %s", resp.status, resp.text)
	}
}
