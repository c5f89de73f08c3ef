package e2e_test

import "testing"

// TestResponsiblePlay sets limits and an exclusion over REST, as an app would, and checks that they are enforced.
func TestResponsiblePlay(t *testing.T) { forEachTarget(t, responsiblePlay) }

func responsiblePlay(t *testing.T, tg *target) {
	const me = "/api/v1/players/me"
	alice, bob := newClient(t, tg.url()), newClient(t, tg.url())
	if got := alice.must(200, "GET", me+"/limits", nil); got.text != `{"limits":[]}` {
		t.Errorf("a player without limits has %s", got.text)
	}
	game := alice.newGame()
	bob.must(200, "POST", game+"/join", nil)
	bets := func(c *client, status int, reason string, amount int64) {
		t.Helper()
		if got := c.bet(game, "field", amount); got.status != status || got.reason() != reason {
			t.Errorf("a bet of %d: %d %s, want %d %s", amount, got.status, got.text, status, reason)
		}
	}
	set := alice.must(200, "PUT", me+"/limits/loss/week", map[string]any{"amount": 50})
	if l := set.list("limits"); len(l) != 1 || l[0]["kind"] != "loss" || l[0]["period"] != "week" || set.at("exclusion") != nil {
		t.Errorf("limits = %s", set.text)
	}
	bets(alice, 403, "LIMIT_EXCEEDED", 60)
	bets(alice, 201, "", 50)
	for _, call := range []func() *response{
		func() *response {
			return alice.must(200, "PUT", me+"/limits/loss/week", map[string]any{"amount": 1000})
		},
		func() *response { return alice.must(200, "DELETE", me+"/limits/loss/week", nil) },
	} {
		l := call().list("limits")
		if len(l) != 1 || l[0]["amount"] != set.list("limits")[0]["amount"] || l[0]["next_at"] == nil || l[0]["used"] == nil {
			t.Errorf("a looser limit applies at once: %v", l)
		}
		if got := alice.bet(game, "hard_6", 10); got.status != 403 {
			t.Errorf("a looser limit applies at once: %d %s", got.status, got.text)
		}
	}
	if got := bob.must(200, "GET", me+"/limits", nil); got.text != `{"limits":[]}` {
		t.Errorf("one player sees another's limits: %s", got.text)
	}
	bets(bob, 201, "", 60)

	if got := bob.must(200, "POST", me+"/exclusion", map[string]any{"kind": "self_exclusion", "days": 200}); got.str("exclusion.kind") != "self_exclusion" {
		t.Errorf("exclusion = %s", got.text)
	}
	for name, got := range map[string]*response{
		"bets":     bob.bet(game, "hard_6", 10),
		"creates":  bob.do("POST", "/api/v1/games", nil),
		"in batch": bob.do("POST", game+"/bets:batch", map[string]any{"bets": []map[string]any{{"bet_type": "hard_6", "amount": 10}}}),
	} {
		if name == "in batch" {
			if failed, _ := got.list("results")[0]["error"].(map[string]any); failed["reason"] != "SELF_EXCLUDED" {
				t.Errorf("an excluded player %s: %s", name, got.text)
			}
		} else if got.status != 403 || got.reason() != "SELF_EXCLUDED" {
			t.Errorf("an excluded player %s: %d %s", name, got.status, got.text)
		}
	}
	bob.must(200, "POST", game+"/leave", nil)
	if got := bob.do("POST", game+"/join", nil); got.status != 403 || got.reason() != "SELF_EXCLUDED" {
		t.Errorf("an excluded player joins: %d %s", got.status, got.text)
	}
	checkInvalidProtection(t, bob, me)
}

func checkInvalidProtection(t *testing.T, c *client, me string) {
	json := func(text string) raw { return raw{"application/json", text} }
	before := c.must(200, "GET", me+"/limits", nil).text
	for name, tc := range map[string]struct {
		method, path string
		body         any
		status       int
		reason       string
	}{
		"unknown kind":         {"PUT", "/limits/luck/day", json(`{"amount":1}`), 400, "INVALID_FIELD"},
		"unknown period":       {"PUT", "/limits/stake/year", json(`{"amount":1}`), 400, "INVALID_FIELD"},
		"no amount":            {"PUT", "/limits/stake/day", json(`{}`), 400, "INVALID_FIELD"},
		"below zero":           {"PUT", "/limits/stake/day", json(`{"amount":-1}`), 400, "INVALID_FIELD"},
		"2^63":                 {"PUT", "/limits/stake/day", json(`{"amount":9223372036854775808}`), 400, "MALFORMED_BODY"},
		"1e308":                {"PUT", "/limits/stake/day", json(`{"amount":1e308}`), 400, "MALFORMED_BODY"},
		"more than a day has":  {"PUT", "/limits/session_time/day", json(`{"amount":1441}`), 400, "INVALID_FIELD"},
		"another player's":     {"PUT", "/limits/stake/day", json(`{"amount":1,"player_id":"x"}`), 400, "MALFORMED_BODY"},
		"a shorter exclusion":  {"POST", "/exclusion", json(`{"kind":"cool_off","days":1}`), 409, "EXCLUSION_STANDS"},
		"an exclusion of none": {"POST", "/exclusion", json(`{"kind":"cool_off"}`), 400, "INVALID_FIELD"},
		"an unknown exclusion": {"POST", "/exclusion", json(`{"kind":"nap","days":1}`), 400, "INVALID_FIELD"},
		"until in the body":    {"POST", "/exclusion", json(`{"kind":"cool_off","days":1,"until":"2000-01-01T00:00:00Z"}`), 400, "MALFORMED_BODY"},
		"no end of exclusions": {"DELETE", "/exclusion", nil, 405, "METHOD_NOT_ALLOWED"},
		"checks below zero":    {"PUT", "/reality-check", json(`{"minutes":-1}`), 400, "INVALID_FIELD"},
	} {
		if got := c.do(tc.method, me+tc.path, tc.body); got.status != tc.status || got.reason() != tc.reason {
			t.Errorf("%s: %d %s, want %d %s", name, got.status, got.text, tc.status, tc.reason)
		}
	}
	if after := c.must(200, "GET", me+"/limits", nil).text; after != before {
		t.Errorf("refused calls changed %s to %s", before, after)
	}
}
