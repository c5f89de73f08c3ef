package e2e_test

import "testing"

// TestInvalidUTF8IsRefused sends invalid UTF-8 in every part of a request that becomes part of a message to another service. gRPC can't
// send such a message.
func TestInvalidUTF8IsRefused(t *testing.T) { forEachTarget(t, invalidUTF8IsRefused) }

func invalidUTF8IsRefused(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	game := c.newGame()
	for name, tc := range map[string]struct {
		method, path string
		body         any
		headers      []string
		reason       string
	}{
		"a query to game":      {"GET", "/api/v1/games?page_token=%ff", nil, nil, "INVALID_FIELD"},
		"a query to api":       {"DELETE", account + "?player_id=%ff", nil, nil, "INVALID_FIELD"},
		"a query to consensus": {"GET", "/api/v1/evidence?page_token=%ff", nil, nil, "INVALID_FIELD"},
		"a path":               {"GET", "/api/v1/games/%ff", nil, nil, "INVALID_FIELD"},
		"a stream's path":      {"GET", "/api/v1/games/%ff/events", nil, nil, "INVALID_FIELD"},
		"a form":               {"POST", game + "/bets", form{"bet_type": {"\xff"}, "amount": {"10"}}, nil, "MALFORMED_BODY"},
		"a key of a request":   {"POST", game + "/bets", map[string]any{"bet_type": "field", "amount": 10}, []string{"Idempotency-Key", "\xff"}, "INVALID_FIELD"},
		"an API key":           {"GET", me, nil, []string{"Authorization", "Bearer bck_\xff"}, "INVALID_FIELD"},
	} {
		if got := c.do(tc.method, tc.path, tc.body, tc.headers...); got.status != 400 || got.reason() != tc.reason {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	c.must(200, "GET", me, nil, "X-Request-Id", "\xff")
	c.must(200, "GET", me, nil, "X-Request-Id", "dé")
}
