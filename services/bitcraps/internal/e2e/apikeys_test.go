package e2e_test

import (
	"strings"
	"testing"
)

const apiKeys = "/api/v1/api-keys"

func TestAPIKeyScopes(t *testing.T) { forEachTarget(t, apiKeyScopes) }

func apiKeyScopes(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	id := c.must(200, "GET", me, nil).str("player_id")
	create := func(scopes ...string) (*response, *client) {
		made := c.must(201, "POST", apiKeys, map[string]any{"name": "bot", "scopes": scopes, "days": 1})
		return made, app(t, tg.url(), made.str("api_key"))
	}
	reading, reader := create("SCOPE_READ")
	_, both := create("SCOPE_READ", "SCOPE_PLAY")
	if reader.must(200, "GET", me, nil).str("player_id") != id || !strings.HasPrefix(reading.str("api_key"), "bck_") {
		t.Error("a key is for another player")
	}
	if resp := reader.do("POST", "/api/v1/games", nil); resp.status != 403 || resp.reason() != "SCOPE_NOT_ALLOWED" {
		t.Errorf("a key for reading plays: %d %s", resp.status, resp.text)
	}
	both.bet(both.newGame(), "pass_line", 10)
	for _, call := range [][2]string{{"POST", apiKeys}, {"GET", apiKeys}, {"GET", sessions}, {"DELETE", sessions}, {"DELETE", account + "?player_id=" + id},
		{"POST", account + "/password"}, {"POST", "/api/v1/devices"}, {"GET", account + "/export"}} {
		if resp := both.do(call[0], call[1], nil); resp.status != 403 || resp.reason() != "SCOPE_NOT_ALLOWED" {
			t.Errorf("a key does %s %s: %d %s", call[0], call[1], resp.status, resp.text)
		}
	}
	if list := c.must(200, "GET", apiKeys, nil); len(list.list("keys")) != 2 || strings.Contains(list.text, "bck_") {
		t.Errorf("keys %s", list.text)
	}
	if list := c.must(200, "GET", sessions, nil).list("sessions"); len(list) != 1 {
		t.Errorf("keys are listed as sessions: %v", list)
	}
	other := newClient(t, tg.url())
	other.balance()
	path := apiKeys + "/" + reading.str("key.key_id")
	if resp := other.do("DELETE", path, nil); resp.status != 404 || resp.reason() != "API_KEY_NOT_FOUND" {
		t.Errorf("another player's key: %d %s", resp.status, resp.text)
	}
	c.must(200, "DELETE", path, nil)
	if reason := waitUntilRefused(t, tg, reading.str("api_key")); reason != "SESSION_ENDED" {
		t.Errorf("a key that was ended: %s", reason)
	}
	both.must(200, "GET", me, nil)
}

func TestInvalidAPIKeys(t *testing.T) { forEachTarget(t, invalidAPIKeys) }

func invalidAPIKeys(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	c.balance()
	for name, body := range map[string]map[string]any{
		"no name":         {"scopes": []string{"SCOPE_READ"}},
		"no scope":        {"name": "x"},
		"a scope twice":   {"name": "x", "scopes": []string{"SCOPE_READ", "SCOPE_READ"}},
		"a scope of zero": {"name": "x", "scopes": []int{0}},
		"a wild scope":    {"name": "x", "scopes": []int{31}},
		"a long life":     {"name": "x", "scopes": []string{"SCOPE_READ"}, "days": 366},
	} {
		if resp := c.do("POST", apiKeys, body); resp.status != 400 {
			t.Errorf("%s: %d %s", name, resp.status, resp.text)
		}
	}
	key := c.must(201, "POST", apiKeys, map[string]any{"name": "x", "scopes": []string{"SCOPE_READ"}}).str("api_key")
	guest := app(t, tg.url(), "").must(201, "POST", "/api/v1/players/guests", nil)
	for name, text := range map[string]string{
		"half a key": key[:40], "a key with another end": key[:100] + strings.Repeat("A", len(key)-100), "a refresh token as a key": "bck_" + guest.str("refresh_token"),
		"no key": "bck_", "a long one": "bck_" + strings.Repeat("A", 400),
	} {
		if resp := app(t, tg.url(), text).do("GET", me, nil); resp.status != 401 && resp.status != 400 {
			t.Errorf("%s: %d %s", name, resp.status, resp.text)
		}
	}
	if resp := c.do("POST", refresh, refreshing(strings.TrimPrefix(key, "bck_"))); resp.status != 401 {
		t.Errorf("a key as a refresh token: %d %s", resp.status, resp.text)
	}
	app(t, tg.url(), key).must(200, "GET", me, nil) // None of these calls ended the key.
	for range 19 {
		c.must(201, "POST", apiKeys, map[string]any{"name": "x", "scopes": []string{"SCOPE_READ"}})
	}
	if resp := c.do("POST", apiKeys, map[string]any{"name": "x", "scopes": []string{"SCOPE_READ"}}); resp.status != 409 || resp.reason() != "TOO_MANY_CREDENTIALS" {
		t.Errorf("the 21st key: %d %s", resp.status, resp.text)
	}
}
