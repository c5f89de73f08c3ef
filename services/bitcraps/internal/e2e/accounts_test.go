package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

const (
	account      = "/api/v1/account"
	signIn       = "/api/v1/sessions:password"
	goodPassword = "correct horse battery"
)

// mailTo waits for a number of mails to an address and returns the text of the last one.
func mailTo(t *testing.T, tg *target, address string, count int) (text string) {
	t.Helper()
	testserver.Eventually(t, fmt.Sprintf("%d mails to %s", count, address), func() bool {
		files, _ := filepath.Glob(filepath.Join(tg.dir, "mail", "*.eml"))
		found := 0
		for _, file := range files {
			if raw, err := os.ReadFile(file); err == nil && strings.Contains(string(raw), "To: "+address+"\r\n") {
				found, text = found+1, string(raw)
			}
		}
		return found >= count
	})
	return text
}

var codePattern = regexp.MustCompile(`Your code is ([2-9A-Z]{4}-[2-9A-Z]{4})`)

func codeIn(t *testing.T, text string) string {
	t.Helper()
	match := codePattern.FindStringSubmatch(text)
	if match == nil {
		t.Fatalf("no code in %q", text)
	}
	return match[1]
}

func newAddress() string { return "p" + uuid.NewString() + "@example.com" }

func credentials(address, password string) map[string]any {
	return map[string]any{"email": address, "password": password}
}

// newAccount makes a guest and links an address to it.
func newAccount(t *testing.T, tg *target, address string) *client {
	t.Helper()
	c := newClient(t, tg.url())
	c.balance()
	c.must(202, "POST", account+"/email", credentials(address, goodPassword))
	c.must(200, "POST", account+"/email:confirm", map[string]any{"code": codeIn(t, mailTo(t, tg, address, 1))})
	return c
}

func TestGuestsBecomeAccounts(t *testing.T) { forEachTarget(t, guestsBecomeAccounts) }

func guestsBecomeAccounts(t *testing.T, tg *target) {
	address := newAddress()
	guest := newAccount(t, tg, address)
	before := guest.must(200, "GET", me, nil)
	in := app(t, tg.url(), "").must(201, "POST", signIn, credentials(strings.ToUpper(address), goodPassword))
	after := app(t, tg.url(), in.str("access_token")).must(200, "GET", me, nil)
	if after.str("player_id") != before.str("player_id") || after.str("kind") != "PLAYER_KIND_ACCOUNT" {
		t.Errorf("the guest was %s and is %s", before.text, after.text)
	}
	if resp := guest.do("POST", account+"/email", credentials(newAddress(), goodPassword)); resp.status != 409 || resp.reason() != "EMAIL_LINKED" {
		t.Errorf("a second address: %d %s", resp.status, resp.text)
	}
	for name, tc := range map[string]struct {
		body   map[string]any
		status int
		reason string
	}{
		"a wrong password":           {credentials(address, goodPassword+"!"), 401, "SIGN_IN_FAILED"},
		"an address of nobody":       {credentials(newAddress(), goodPassword), 401, "SIGN_IN_FAILED"},
		"a password of 8 KiB":        {credentials(address, strings.Repeat("x", 8192)), 400, "INVALID_FIELD"},
		"no password":                {credentials(address, ""), 400, "INVALID_FIELD"},
		"a role besides":             {map[string]any{"email": address, "password": goodPassword, "role": "ROLE_OPERATOR"}, 400, "MALFORMED_BODY"},
		"a password that is a list":  {map[string]any{"email": address, "password": []string{goodPassword}}, 400, "MALFORMED_BODY"},
		"an address with a line end": {credentials(address+"\r\nBcc: x@example.com", goodPassword), 401, "SIGN_IN_FAILED"},
	} {
		if resp := app(t, tg.url(), "").do("POST", signIn, tc.body); resp.status != tc.status || resp.reason() != tc.reason {
			t.Errorf("%s: %d %s", name, resp.status, resp.text)
		}
	}
	for _, bad := range []string{"x", "a@b\r\nBcc: c@d", strings.Repeat("x", 300) + "@example.com"} {
		stranger := newClient(t, tg.url())
		stranger.balance()
		if resp := stranger.do("POST", account+"/email", credentials(bad, goodPassword)); resp.status != 400 {
			t.Errorf("linking %q: %d %s", bad, resp.status, resp.text)
		}
	}
}

// TestAccountsCannotBeEnumerated compares the answers for an address with an account and for one without.
func TestAccountsCannotBeEnumerated(t *testing.T) { forEachTarget(t, accountsCannotBeEnumerated) }

func accountsCannotBeEnumerated(t *testing.T, tg *target) {
	taken, free := newAddress(), newAddress()
	newAccount(t, tg, taken)
	stranger := app(t, tg.url(), "")
	same := func(what, path string, body func(address string) map[string]any) {
		t.Helper()
		a, b := stranger.do("POST", path, body(taken)), stranger.do("POST", path, body(free))
		if a.status != b.status || a.reason() != b.reason() || a.str("message") != b.str("message") {
			t.Errorf("%s: %d %s and %d %s", what, a.status, a.text, b.status, b.text)
		}
	}
	same("a wrong password", signIn, func(address string) map[string]any { return credentials(address, "wrong words") })
	same("a forgotten password", account+"/password:forgot", func(address string) map[string]any { return map[string]any{"email": address} })
	same("a wrong code", account+"/password:reset", func(address string) map[string]any {
		return map[string]any{"email": address, "code": "AAAA-AAAA", "new_password": goodPassword}
	})
	stranger = newClient(t, tg.url())
	stranger.balance()
	same("an address to link", account+"/email", func(address string) map[string]any { return credentials(address, goodPassword) })
	same("confirming it", account+"/email:confirm", func(string) map[string]any { return map[string]any{"code": "AAAA-AAAA"} })
	if text := mailTo(t, tg, taken, 3); codePattern.MatchString(text) { // Mails for linking, for the forgotten password, and now for somebody else's attempt to link it.
		t.Errorf("the owner of an address got a stranger's code: %s", text)
	}
	for _, address := range []string{taken, free} { // Repeatedly, until a limit, which is the same for both.
		testserver.Eventually(t, "a limit", func() bool {
			return stranger.do("POST", account+"/password:forgot", map[string]any{"email": address}).reason() == "RATE_LIMITED"
		})
	}
}

func TestPasswordAttemptsAreLimited(t *testing.T) { forEachTarget(t, passwordAttemptsAreLimited) }

func passwordAttemptsAreLimited(t *testing.T, tg *target) {
	c, address := app(t, tg.url(), ""), newAddress()
	var last *response
	for range 11 {
		if last = c.do("POST", signIn, credentials(address, goodPassword)); last.status != 401 {
			break
		}
	}
	if last.status != 429 || last.reason() != "RATE_LIMITED" || last.header.Get("Retry-After") == "" {
		t.Errorf("the eleventh attempt: %d %s", last.status, last.text)
	}
	if resp := c.do("POST", signIn, credentials(newAddress(), goodPassword)); resp.status != 401 {
		t.Errorf("another account is limited too: %d %s", resp.status, resp.text)
	}
}

func TestPasswordsChange(t *testing.T) { forEachTarget(t, passwordsChange) }

func passwordsChange(t *testing.T, tg *target) {
	address := newAddress()
	guest := newAccount(t, tg, address)
	other := app(t, tg.url(), "").must(201, "POST", signIn, credentials(address, goodPassword))
	change := func(from, to string) *response {
		return guest.do("POST", account+"/password", map[string]any{"old_password": from, "new_password": to})
	}
	if resp := change("wrong words", "new words here"); resp.status != 401 || resp.reason() != "SIGN_IN_FAILED" {
		t.Errorf("with a wrong password: %d %s", resp.status, resp.text)
	}
	if resp := change(goodPassword, "short"); resp.status != 400 {
		t.Errorf("to a short one: %d %s", resp.status, resp.text)
	}
	if resp := change(goodPassword, "new words here"); resp.status != 200 {
		t.Fatalf("%d %s", resp.status, resp.text)
	}
	if reason := waitUntilRefused(t, tg, other.str("access_token")); reason != "SESSION_ENDED" {
		t.Errorf("another session: %s", reason)
	}
	guest.must(200, "GET", me, nil)
	c := app(t, tg.url(), "")
	if resp := c.do("POST", signIn, credentials(address, goodPassword)); resp.status != 401 {
		t.Errorf("the old password: %d", resp.status)
	}
	fresh := c.must(201, "POST", signIn, credentials(address, "new words here"))

	c.must(202, "POST", account+"/password:forgot", map[string]any{"email": address})
	reset := map[string]any{"email": address, "code": codeIn(t, mailTo(t, tg, address, 2)), "new_password": "third words here"}
	c.must(200, "POST", account+"/password:reset", reset)
	if resp := c.do("POST", account+"/password:reset", reset); resp.status != 400 || resp.reason() != "CODE_INVALID" {
		t.Errorf("a code that was used: %d %s", resp.status, resp.text)
	}
	if reason := waitUntilRefused(t, tg, fresh.str("access_token")); reason != "SESSION_ENDED" {
		t.Errorf("a session after the reset: %s", reason)
	}
	c.must(201, "POST", signIn, credentials(address, "third words here"))
}

func TestAccountsAreExportedAndDeleted(t *testing.T) { forEachTarget(t, accountsAreExportedAndDeleted) }

func accountsAreExportedAndDeleted(t *testing.T, tg *target) {
	address := newAddress()
	c, mine := newAccount(t, tg, address), newPhone(t)
	id := c.must(200, "GET", me, nil).str("player_id")
	for range 60 { // More entries than fit on a page: each bet is placed and removed.
		game := c.newGame()
		bet := c.bet(game, "field", 10).str("bet.bet_id")
		c.must(200, "DELETE", game+"/bets/"+bet, nil)
	}
	c.must(201, "POST", "/api/v1/devices", mine.requestProof(c))
	key := c.must(201, "POST", "/api/v1/api-keys", map[string]any{"name": "bot", "scopes": []string{"SCOPE_READ"}})
	page := c.must(200, "GET", account+"/export", nil)
	if page.str("player.player_id") != id || page.str("email") != address || len(page.list("devices")) != 1 || len(page.list("sessions")) != 1 || len(page.list("api_keys")) != 1 {
		t.Errorf("export %s", page.text)
	}
	if strings.Contains(page.text, "argon2") || strings.Contains(page.text, key.str("api_key")) {
		t.Error("the export has secrets")
	}
	entries := len(page.list("entries"))
	for next := page; next.str("next_page_token") != ""; entries += len(next.list("entries")) {
		next = c.must(200, "GET", account+"/export?page_token="+next.str("next_page_token"), nil)
	}
	if entries != 121 { // The grant, and two for each bet.
		t.Errorf("%d entries were exported", entries)
	}
	other := newClient(t, tg.url())
	other.balance()
	if resp := other.do("DELETE", account+"?player_id="+id, nil); resp.status != 400 {
		t.Errorf("deleting another player: %d %s", resp.status, resp.text)
	}
	in := app(t, tg.url(), "").must(201, "POST", signIn, credentials(address, goodPassword))
	c.must(200, "DELETE", account+"?player_id="+id, nil)
	for _, access := range []string{in.str("access_token"), key.str("api_key")} {
		if reason := waitUntilRefused(t, tg, access); reason != "SESSION_ENDED" {
			t.Errorf("after the end: %s", reason)
		}
	}
	if resp := app(t, tg.url(), "").do("POST", signIn, credentials(address, goodPassword)); resp.status != 401 || resp.reason() != "SIGN_IN_FAILED" {
		t.Errorf("signing in again: %d %s", resp.status, resp.text)
	}
	if again := app(t, tg.url(), "").must(201, "POST", "/api/v1/sessions:device", mine.requestProof(other)); again.str("player_id") == id {
		t.Error("the deleted player's device signs in")
	}
	if after := linkAgain(t, tg, address); after == id {
		t.Error("the address is still the deleted player's")
	}
}

// linkAgain links an address that was sent a mail before, to a new player, and returns the player's id.
func linkAgain(t *testing.T, tg *target, address string) string {
	t.Helper()
	c := newClient(t, tg.url())
	c.balance()
	c.must(202, "POST", account+"/email", credentials(address, goodPassword))
	c.must(200, "POST", account+"/email:confirm", map[string]any{"code": codeIn(t, mailTo(t, tg, address, 2))})
	return c.must(200, "GET", me, nil).str("player_id")
}
