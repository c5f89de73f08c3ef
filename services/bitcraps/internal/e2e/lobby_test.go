package e2e_test

import (
	"fmt"
	"testing"
)

// TestPrivateTable plays at a private table over REST: with a join code, chat, a spectator, mutes, statistics and leaderboards.
func TestPrivateTable(t *testing.T) { forEachTarget(t, privateTable) }

func privateTable(t *testing.T, tg *target) {
	alice, bob, eve := newClient(t, tg.url()), newClient(t, tg.url()), newClient(t, tg.url())
	created := alice.must(201, "POST", "/api/v1/games", map[string]any{"private": true, "min_bet": 5})
	id, code := created.str("game_id"), created.str("join_code")
	game := "/api/v1/games/" + id
	if created.at("private") != true || len(code) != 10 || created.str("host_id") == "" {
		t.Fatalf("created %s", created.text)
	}
	eve.balance() // Makes her a guest.
	for name, got := range map[string]*response{
		"nobody reads":     newClient(t, tg.url()).do("GET", game, nil),
		"a stranger reads": eve.do("GET", game, nil),
		"a stranger joins": eve.do("POST", game+"/join", nil),
		"watches":          eve.do("GET", game+"/events", nil),
		"counts":           eve.do("GET", game+"/statistics", nil),
		"lists rounds":     eve.do("GET", game+"/rounds", nil),
	} {
		if got.status != 404 || got.reason() != "GAME_NOT_FOUND" {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	alice.must(200, "GET", game, nil)
	joined := bob.must(200, "POST", "/api/v1/games:join", map[string]any{"join_code": code[:5] + " " + code[5:]})
	if joined.str("game_id") != id || joined.str("join_code") != "" || len(joined.list("seats")) != 2 {
		t.Errorf("joined %s", joined.text)
	}
	eve.must(200, "POST", "/api/v1/games:join", map[string]any{"join_code": code, "spectate": true})
	if got := eve.must(200, "GET", game, nil); len(got.list("seats")) != 2 {
		t.Errorf("a spectator has a seat: %s", got.text)
	}
	bob.must(201, "POST", game+"/chat", map[string]any{"text": "good luck"}, "Idempotency-Key", "k")
	if _, kinds := eve.watch(game, "3", 2); fmt.Sprint(kinds) != "[player_joined chat_posted]" {
		t.Errorf("a spectator sees %v", kinds)
	}
	me := bob.must(200, "GET", "/api/v1/players/me", nil).str("player_id")
	alice.must(200, "PUT", game+"/mutes/"+me, nil)
	if got := bob.do("POST", game+"/chat", map[string]any{"text": "hello?"}); got.status != 403 || got.reason() != "MUTED" {
		t.Errorf("a muted player chats: %d %s", got.status, got.text)
	}
	alice.must(200, "DELETE", game+"/mutes/"+me, nil)

	bob.must(200, "POST", game+"/leave", nil) // Otherwise a seven-out would pass him the dice.
	for range 3 {
		alice.bet(game, "pass_line", 10)
		alice.bet(game, "field", 10)
		alice.must(200, "POST", game+"/roll", nil)
	}
	mine := alice.must(200, "GET", "/api/v1/players/me/statistics", nil)
	if mine.num("all_time.rounds") != 3 || mine.num("all_time.bets") < 3 || mine.num("week.returned")-mine.num("week.staked") != mine.num("week.net") {
		t.Errorf("statistics = %s", mine.text)
	}
	own, found := alice.must(200, "GET", "/api/v1/players/me", nil).str("player_id"), false
	for path := "/api/v1/leaderboards/all_time"; !found; {
		page := eve.must(200, "GET", path, nil)
		for _, leader := range page.list("leaders") {
			found = found || leader["player_id"] == own
		}
		if page.str("next_page_token") == "" {
			break
		}
		path = "/api/v1/leaderboards/all_time?page_token=" + page.str("next_page_token")
	}
	if counts := eve.must(200, "GET", game+"/statistics", nil); !found || counts.num("rolls") != 3 || len(counts.list("totals")) != 11 {
		t.Errorf("alice is a leader: %v; rolls %s", found, counts.text)
	}
	checkInvalidLobbyCalls(t, alice, eve, game)
}

func checkInvalidLobbyCalls(t *testing.T, host, guest *client, game string) {
	json := func(text string) raw { return raw{"application/json", text} }
	nobody := "00000000-0000-7000-8000-000000000000"
	before := host.must(200, "GET", game, nil).text
	for name, tc := range map[string]struct {
		as           *client
		method, path string
		body         any
		status       int
		reason       string
	}{
		"a short code":            {guest, "POST", "/api/v1/games:join", json(`{"join_code":"ABC"}`), 400, "INVALID_FIELD"},
		"a code of other letters": {guest, "POST", "/api/v1/games:join", json(`{"join_code":"ÄÄÄÄÄÄÄÄÄÄ"}`), 400, "INVALID_FIELD"},
		"a code with an U":        {guest, "POST", "/api/v1/games:join", json(`{"join_code":"UUUUUUUUUU"}`), 404, "JOIN_CODE_UNKNOWN"},
		"SQL for a code":          {guest, "POST", "/api/v1/games:join", json(`{"join_code":"' OR 1=1 --"}`), 400, "INVALID_FIELD"},
		"a stake below zero":      {guest, "POST", "/api/v1/games:quick-seat", json(`{"stake":-1}`), 400, "INVALID_FIELD"},
		"a stake of 2^63":         {guest, "POST", "/api/v1/games:quick-seat", json(`{"stake":9223372036854775808}`), 400, "MALFORMED_BODY"},
		"a new code by a guest":   {guest, "POST", game + "/join-code", nil, 403, "NOT_HOST"},
		"a mute by a guest":       {guest, "PUT", game + "/mutes/" + nobody, nil, 403, "NOT_HOST"},
		"a mute of no id":         {host, "PUT", game + "/mutes/me", nil, 400, "INVALID_FIELD"},
		"talk without a seat":     {guest, "POST", game + "/chat", json(`{"text":"hi"}`), 409, "NOT_SEATED"},
		"too long a talk":         {host, "POST", game + "/chat", map[string]any{"text": fmt.Sprintf("%0281d", 0)}, 400, "INVALID_FIELD"},
		"a NUL in it":             {host, "POST", game + "/chat", json(`{"text":"a\u0000b"}`), 400, "MALFORMED_BODY"},
		"a tab in it":             {host, "POST", game + "/chat", json(`{"text":"a\tb"}`), 400, "INVALID_FIELD"},
		"talk for another":        {host, "POST", game + "/chat", json(`{"text":"hi","player_id":"` + nobody + `"}`), 400, "MALFORMED_BODY"},
		"an unknown period":       {guest, "GET", "/api/v1/leaderboards/year", nil, 400, "INVALID_FIELD"},
		"a forged page":           {guest, "GET", "/api/v1/leaderboards/day?page_token=eA", nil, 400, "PAGE_TOKEN_INVALID"},
		"seats below zero":        {guest, "GET", "/api/v1/games?open_seats=-1", nil, 400, "INVALID_FIELD"},
		"an unknown phase":        {guest, "GET", "/api/v1/games?phase=7", nil, 400, "INVALID_FIELD"},
		"a filter of private":     {guest, "GET", "/api/v1/games?private=true", nil, 400, "INVALID_FIELD"},
	} {
		if got := tc.as.do(tc.method, tc.path, tc.body); got.status != tc.status || got.reason() != tc.reason {
			t.Errorf("%s: %d %s, want %d %s", name, got.status, got.text, tc.status, tc.reason)
		}
	}
	if after := host.must(200, "GET", game, nil).text; after != before {
		t.Errorf("refused calls changed %s to %s", before, after)
	}
}

// TestQuickSeat seats two players who ask for the same stake at one table, each once.
func TestQuickSeat(t *testing.T) { forEachTarget(t, quickSeat) }

func quickSeat(t *testing.T, tg *target) {
	alice, bob := newClient(t, tg.url()), newClient(t, tg.url())
	// A stake that no other test's table allows.
	first := alice.must(200, "POST", "/api/v1/games:quick-seat", map[string]any{"stake": 77_777})
	second := bob.must(200, "POST", "/api/v1/games:quick-seat", map[string]any{"stake": 77_777})
	if first.str("game_id") != second.str("game_id") || len(second.list("seats")) != 2 {
		t.Errorf("seats at %s and %s", first.text, second.text)
	}
	again := alice.must(200, "POST", "/api/v1/games:quick-seat", map[string]any{"stake": 77_777})
	if again.str("game_id") != first.str("game_id") || len(again.list("seats")) != 2 {
		t.Errorf("a second seat: %s", again.text)
	}
	listed := false
	for _, game := range alice.must(200, "GET", "/api/v1/games?open_seats=6&page_size=100&phase=PHASE_COME_OUT", nil).list("games") {
		listed = listed || game["game_id"] == first.str("game_id")
	}
	if !listed {
		t.Error("the new table is not listed")
	}
}
