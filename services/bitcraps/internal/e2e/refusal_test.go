package e2e_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/token"
)

// TestBadInputChangesNothing sends invalid requests. Every refusal has the status and the reason of the contract and a message for
// people, and changes neither the game nor the wallet.
func TestBadInputChangesNothing(t *testing.T) { forEachTarget(t, badInputChangesNothing) }

func badInputChangesNothing(t *testing.T, tg *target) {
	c, guest := newClient(t, tg.url()), newClient(t, tg.url())
	game := c.newGame()
	c.bet(game, "pass_line", 500)
	c.bet(game, "field", 400) // 100 is left.
	full := c.must(201, "POST", "/api/v1/games", map[string]any{"max_players": 1}).str("game_id")
	guest.balance()
	other := newClient(t, tg.url())
	other.must(200, "POST", game+"/join", nil)
	othersBet := other.bet(game, "dont_pass", 10).str("bet.bet_id")
	before, balance := c.must(200, "GET", game, nil).text, c.balance()

	json := func(text string) raw { return raw{"application/json", text} }
	nobody := "00000000-0000-7000-8000-000000000000"
	for name, tc := range map[string]struct {
		as     *client
		method string
		path   string
		body   any
		status int
		reason string
	}{
		"unknown wager":           {c, "POST", "/bets", json(`{"bet_type":"lucky","amount":10}`), 400, "WAGER_UNKNOWN"},
		"amount 0":                {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":0}`), 400, "INVALID_FIELD"},
		"no amount":               {c, "POST", "/bets", json(`{"bet_type":"hard_6"}`), 400, "INVALID_FIELD"},
		"empty body":              {c, "POST", "/bets", nil, 400, "INVALID_FIELD"},
		"negative amount":         {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":-10}`), 400, "INVALID_FIELD"},
		"minus zero":              {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":-0}`), 400, "INVALID_FIELD"},
		"fraction":                {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":10.5}`), 400, "MALFORMED_BODY"},
		"exponent":                {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":1e1}`), 400, "MALFORMED_BODY"},
		"1e308":                   {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":1e308}`), 400, "MALFORMED_BODY"},
		"2^63":                    {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":9223372036854775808}`), 400, "MALFORMED_BODY"},
		"2^63-1":                  {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":9223372036854775807}`), 400, "INVALID_FIELD"},
		"under the table's limit": {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":9}`), 422, "AMOUNT_OUT_OF_LIMITS"},
		"over the table's limit":  {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":501}`), 422, "AMOUNT_OUT_OF_LIMITS"},
		"over the wallet":         {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":101}`), 409, "INSUFFICIENT_FUNDS"},
		"not a multiple":          {c, "POST", "/bets", json(`{"bet_type":"place_6","amount":13}`), 422, "AMOUNT_NOT_MULTIPLE"},
		"wrong phase":             {c, "POST", "/bets", json(`{"bet_type":"come","amount":10}`), 409, "WRONG_PHASE"},
		"odds without a point":    {c, "POST", "/bets", json(`{"bet_type":"odds_pass","amount":10}`), 409, "WRONG_PHASE"},
		"second bet of a kind":    {c, "POST", "/bets", json(`{"bet_type":"pass","amount":10}`), 409, "BET_EXISTS"},
		"number not wanted":       {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":10,"number":6}`), 400, "NUMBER_INVALID"},
		"working not wanted":      {c, "POST", "/bets", json(`{"bet_type":"next_7","amount":10,"working":true}`), 400, "WORKING_NOT_APPLICABLE"},
		"control character":       {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":10,"client_seed":"a\u0007"}`), 400, "INVALID_FIELD"},
		"seed too long":           {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":10,"client_seed":"` + strings.Repeat("x", 65) + `"}`), 400, "INVALID_FIELD"},
		"key too long":            {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":10,"request_id":"` + strings.Repeat("x", 256) + `"}`), 400, "INVALID_FIELD"},
		"not seated":              {guest, "POST", "/bets", json(`{"bet_type":"hard_6","amount":10}`), 409, "NOT_SEATED"},
		"roll without a seat":     {guest, "POST", "/roll", nil, 409, "NOT_SEATED"},
		"not the shooter":         {other, "POST", "/roll", nil, 403, "NOT_SHOOTER"},
		"no line bet":             {c, "POST", "!/api/v1/games/" + full + "/roll", nil, 409, "LINE_BET_REQUIRED"},
		"table full":              {guest, "POST", "!/api/v1/games/" + full + "/join", nil, 409, "GAME_FULL"},
		"unknown game":            {c, "GET", "!/api/v1/games/" + nobody, nil, 404, "GAME_NOT_FOUND"},
		"malformed game id":       {c, "GET", "!/api/v1/games/nonsense", nil, 400, "INVALID_FIELD"},
		"path traversal":          {c, "GET", "!/api/v1/games/..%2f..%2fetc", nil, 404, "ROUTE_NOT_FOUND"},
		"unknown round":           {c, "GET", "/rounds/99", nil, 404, "ROUND_NOT_FOUND"},
		"round 0":                 {c, "GET", "/rounds/0", nil, 400, "INVALID_FIELD"},
		"round that is no number": {c, "GET", "/rounds/one", nil, 400, "INVALID_FIELD"},
		"unknown bet":             {c, "DELETE", "/bets/" + nobody, nil, 404, "BET_NOT_FOUND"},
		"another player's bet":    {c, "DELETE", "/bets/" + othersBet, nil, 404, "BET_NOT_FOUND"},
		"wrong content type":      {c, "POST", "/bets", raw{"text/plain", `{"bet_type":"hard_6","amount":10}`}, 415, "UNSUPPORTED_MEDIA_TYPE"},
		"no content type":         {c, "POST", "/bets", raw{"", `{"bet_type":"hard_6","amount":10}`}, 415, "UNSUPPORTED_MEDIA_TYPE"},
		"truncated JSON":          {c, "POST", "/bets", json(`{"bet_type":"hard_6","amo`), 400, "MALFORMED_BODY"},
		"unknown field":           {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":10,"payout":1000}`), 400, "MALFORMED_BODY"},
		"repeated field":          {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":10,"amount":20}`), 400, "MALFORMED_BODY"},
		"trailing bytes":          {c, "POST", "/bets", json(`{"bet_type":"hard_6","amount":10}]`), 400, "MALFORMED_BODY"},
		"invalid UTF-8":           {c, "POST", "/bets", json("{\"bet_type\":\"\xff\",\"amount\":10}"), 400, "MALFORMED_BODY"},
		"deep JSON":               {c, "POST", "/bets", json(strings.Repeat("[", 10_000)), 400, "MALFORMED_BODY"},
		"1 MB body":               {c, "POST", "/bets", json(`{"bet_type":"` + strings.Repeat("x", 1<<20) + `"}`), 413, "BODY_TOO_LARGE"},
		"unknown form field":      {c, "POST", "/bets", form{"bet_type": {"hard_6"}, "amount": {"10"}, "x": {"1"}}, 400, "MALFORMED_BODY"},
		"form with a fraction":    {c, "POST", "/bets", form{"bet_type": {"hard_6"}, "amount": {"10.0"}}, 400, "MALFORMED_BODY"},
		"unknown query field":     {c, "GET", "/bets?limit=3", nil, 400, "INVALID_FIELD"},
		"negative page size":      {c, "GET", "/bets?page_size=-1", nil, 400, "INVALID_FIELD"},
		"unknown route":           {c, "GET", "/chips", nil, 404, "ROUTE_NOT_FOUND"},
		"wrong method":            {c, "PUT", "/bets", nil, 405, "METHOD_NOT_ALLOWED"},
		"long URL":                {c, "GET", "/bets?page_token=" + strings.Repeat("x", 10_000), nil, 414, "URL_TOO_LONG"},
		"limits upside down":      {c, "POST", "!/api/v1/games", json(`{"min_bet":100,"max_bet":10}`), 400, "INVALID_FIELD"},
		"too many seats":          {c, "POST", "!/api/v1/games", json(`{"max_players":21}`), 400, "INVALID_FIELD"},
		"height 0":                {c, "GET", "!/api/v1/beacons/0", nil, 400, "INVALID_FIELD"},
		"height without a beacon": {c, "GET", "!/api/v1/beacons/999999", nil, 404, "BEACON_NOT_FOUND"},
	} {
		t.Run(name, func(t *testing.T) {
			path, absolute := strings.CutPrefix(tc.path, "!")
			if !absolute {
				path = game + path
			}
			resp := tc.as.do(tc.method, path, tc.body)
			if resp.status != tc.status || resp.reason() != tc.reason {
				t.Errorf("%d %s, want %d %s: %s", resp.status, resp.reason(), tc.status, tc.reason, resp.text)
			}
			if len(resp.str("message")) < 10 {
				t.Errorf("the message is %q", resp.str("message"))
			}
		})
	}
	if after := c.must(200, "GET", game, nil).text; after != before || c.balance() != balance {
		t.Errorf("the game went from %s to %s, the wallet from %d to %d", before, after, balance, c.balance())
	}
}

// TestWagerRefusals breaks a rule of each kind of wager, at a table with a point.
func TestWagerRefusals(t *testing.T) {
	tg := ownTarget(t, "game.wallets.bankroll=20000")
	c, other := newClient(t, tg.url()), newClient(t, tg.url())
	game := c.newGame()
	json := func(format string, args ...any) raw { return raw{"application/json", fmt.Sprintf(format, args...)} }
	bet := func(text string) string {
		return c.must(201, "POST", game+"/bets", json("%s", text)).str("bet.bet_id")
	}
	small, place := "", ""
	for phase := ""; phase != "PHASE_POINT"; { // Until a point is set.
		c.bet(game, "pass_line", 10)
		if resp := c.bet(game, "bonus_small", 10); resp.status == 201 {
			small = resp.str("bet.bet_id")
		}
		phase = c.must(200, "POST", game+"/roll", nil).str("phase")
	}
	place = bet(`{"bet_type":"yes_10","amount":20}`)
	passed := c.must(200, "GET", game+"/bets?status=BET_STATUS_LIVE", nil).list("bets")
	pass := ""
	for _, b := range passed {
		if b["bet_type"] == "pass_line" {
			pass = fmt.Sprint(b["bet_id"])
		}
	}
	before, balance := c.must(200, "GET", game, nil).text, c.balance()
	for name, tc := range map[string]struct {
		method, path string
		body         any
		status       int
		reason       string
	}{
		"line bet with a point":        {"POST", "/bets", json(`{"bet_type":"dont_pass","amount":10}`), 409, "WRONG_PHASE"},
		"muggsy with a point":          {"POST", "/bets", json(`{"bet_type":"muggsy","amount":10}`), 409, "WRONG_PHASE"},
		"fire in a hand":               {"POST", "/bets", json(`{"bet_type":"fire","amount":10}`), 409, "WINDOW_PASSED"},
		"replay in a hand":             {"POST", "/bets", json(`{"bet_type":"replay","amount":10}`), 409, "WINDOW_PASSED"},
		"repeater after a roll":        {"POST", "/bets", json(`{"bet_type":"repeater_6","amount":10}`), 409, "WINDOW_PASSED"},
		"hot_roller after a roll":      {"POST", "/bets", json(`{"bet_type":"hot_roller","amount":10}`), 409, "WINDOW_PASSED"},
		"yes not in twenties":          {"POST", "/bets", json(`{"bet_type":"yes_4","amount":30}`), 422, "AMOUNT_NOT_MULTIPLE"},
		"no not in twenty-fours":       {"POST", "/bets", json(`{"bet_type":"no_6","amount":20}`), 422, "AMOUNT_NOT_MULTIPLE"},
		"next_4 not in twos":           {"POST", "/bets", json(`{"bet_type":"next_4","amount":11}`), 422, "AMOUNT_NOT_MULTIPLE"},
		"odds over the limit":          {"POST", "/bets", json(`{"bet_type":"odds_pass","amount":60}`), 422, "ODDS_OVER_LIMIT"},
		"odds without a flat bet":      {"POST", "/bets", json(`{"bet_type":"odds_dont_pass","amount":30}`), 409, "FLAT_BET_REQUIRED"},
		"odds on another number":       {"POST", "/bets", json(`{"bet_type":"odds_come","amount":30,"number":7}`), 400, "NUMBER_INVALID"},
		"odds on no come bet":          {"POST", "/bets", json(`{"bet_type":"odds_come","amount":30,"number":6}`), 409, "FLAT_BET_REQUIRED"},
		"second bet of a kind":         {"POST", "/bets", json(`{"bet_type":"buy_10","amount":20}`), 409, "BET_EXISTS"},
		"removing a line bet":          {"DELETE", "/bets/" + pass, nil, 409, "BET_LOCKED"},
		"removing a side bet":          {"DELETE", "/bets/" + small, nil, 409, "BET_LOCKED"},
		"reducing a line bet":          {"PATCH", "/bets/" + pass, json(`{"amount":9}`), 409, "BET_LOCKED"},
		"raising a bet":                {"PATCH", "/bets/" + place, json(`{"amount":40}`), 409, "BET_RAISED"},
		"reducing to nothing":          {"PATCH", "/bets/" + place, json(`{"amount":0}`), 400, "INVALID_FIELD"},
		"reducing below the multiple":  {"PATCH", "/bets/" + place, json(`{"amount":15}`), 422, "AMOUNT_NOT_MULTIPLE"},
		"switching off what can't be":  {"PATCH", "/bets/" + pass, json(`{"working":false}`), 400, "WORKING_NOT_APPLICABLE"},
		"changing what the rules keep": {"PATCH", "/bets/" + place, json(`{"status":"BET_STATUS_WON"}`), 400, "MALFORMED_BODY"},
		"passing the dice":             {"POST", "/pass", nil, 409, "WRONG_PHASE"},
		"an empty list":                {"POST", "/bets:batch", json(`{"bets":[]}`), 400, "INVALID_FIELD"},
		"a fraction in a list":         {"POST", "/bets:batch", json(`{"bets":[{"bet_type":"field","amount":"10.0"}]}`), 400, "MALFORMED_BODY"},
		"too long a list":              {"POST", "/bets:batch", json(`{"bets":[%s]}`, strings.TrimSuffix(strings.Repeat(`{"bet_type":"field","amount":10},`, 101), ",")), 400, "INVALID_FIELD"},
	} {
		t.Run(name, func(t *testing.T) {
			resp := c.do(tc.method, game+tc.path, tc.body)
			if resp.status != tc.status || resp.reason() != tc.reason || len(resp.str("message")) < 10 {
				t.Errorf("%d %s, want %d %s: %s", resp.status, resp.reason(), tc.status, tc.reason, resp.text)
			}
		})
	}
	if after := c.must(200, "GET", game, nil).text; after != before || c.balance() != balance {
		t.Errorf("the game went from %s to %s, the wallet from %d to %d", before, after, balance, c.balance())
	}
	if resp := other.bet(game, "field", 10); resp.status != 409 || resp.reason() != "NOT_SEATED" {
		t.Errorf("at another player's table: %s", resp.text)
	}
}

// TestHouseLimit bets against a house with a small bankroll.
func TestHouseLimit(t *testing.T) {
	c := newClient(t, ownTarget(t, "game.wallets.bankroll=2000").url())
	game := c.newGame()
	resp := c.bet(game, "fire", 10)
	if resp.status != 409 || resp.reason() != "HOUSE_LIMIT" {
		t.Errorf("%d %s", resp.status, resp.text)
	}
	if c.balance() != 1000 || c.bet(game, "bonus_small", 60).status != 201 || c.bet(game, "pass_line", 300).reason() != "HOUSE_LIMIT" {
		t.Error("a bet that the house can pay is refused, or one that it can't pay is accepted")
	}
	c.must(200, "POST", game+"/leave", nil)
	if status := c.must(200, "GET", game, nil).str("status"); status != "GAME_STATUS_COMPLETED" {
		t.Errorf("the game is %s", status)
	}
	if resp := c.bet(c.newGame(), "pass_line", 300); resp.status != 201 { // The closed table's reserve was released to the house.
		t.Errorf("%s", resp.text)
	}
}

func TestMethodOverrideIsIgnored(t *testing.T) { forEachTarget(t, methodOverrideIsIgnored) }

func methodOverrideIsIgnored(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	resp := c.do("POST", c.newGame()+"/bets", form{}, "X-HTTP-Method-Override", "GET")
	if resp.status != 400 {
		t.Errorf("%d %s", resp.status, resp.text)
	}
	if allow := c.do("PATCH", "/api/v1/games", nil).header.Get("Allow"); allow != "GET, HEAD, POST" {
		t.Errorf("Allow: %s", allow)
	}
}

// TestHeadersCannotNameAPlayer sends the metadata that services use for the caller's identity as headers.
func TestHeadersCannotNameAPlayer(t *testing.T) { forEachTarget(t, headersCannotNameAPlayer) }

func headersCannotNameAPlayer(t *testing.T, tg *target) {
	victim := newClient(t, tg.url()).must(200, "GET", "/api/v1/players/me", nil).str("player_id")
	for _, header := range []string{"Bitcraps-Player-Id", "Grpc-Metadata-Bitcraps-Player-Id", "Grpcgateway-Bitcraps-Player-Id"} {
		me := newClient(t, tg.url()).must(200, "GET", "/api/v1/players/me", nil, header, victim, "Grpc-Metadata-Bitcraps-Service", "operator")
		if me.str("player_id") == victim {
			t.Errorf("%s impersonates the player", header)
		}
	}
}

func TestForgedTokensAreRefused(t *testing.T) { forEachTarget(t, forgedTokensAreRefused) }

func forgedTokensAreRefused(t *testing.T, tg *target) {
	newClient(t, tg.url()).balance()
	ours := signingKey(t, tg)
	sign := func(key ed25519.PrivateKey, expires time.Duration) string {
		raw, err := token.Key{ID: ours.ID, Private: key}.Sign(token.Bearer{Player: uuid.Must(uuid.NewV7())}, time.Now().Add(-time.Hour), time.Now().Add(expires))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	_, stranger, _ := ed25519.GenerateKey(nil)
	payload := strings.Split(sign(ours.Private, time.Hour), ".")[1]
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + payload + "."

	for name, tc := range map[string]struct{ header, reason string }{
		"expired":       {"Bearer " + sign(ours.Private, -time.Minute), "TOKEN_EXPIRED"},
		"forged":        {"Bearer " + sign(stranger, time.Hour), "TOKEN_INVALID"},
		"alg none":      {"Bearer " + none, "TOKEN_INVALID"},
		"garbage":       {"Bearer x.y.z", "TOKEN_INVALID"},
		"empty":         {"Bearer ", "TOKEN_INVALID"},
		"other scheme":  {"Basic YWRtaW46YWRtaW4=", "TOKEN_INVALID"},
		"a long string": {"Bearer " + strings.Repeat("x", 5000), "TOKEN_INVALID"},
	} {
		t.Run(name, func(t *testing.T) {
			resp := newClient(t, tg.url()).do("GET", "/api/v1/players/me", nil, "Authorization", tc.header)
			if resp.status != 401 || resp.reason() != tc.reason || resp.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%d %s", resp.status, resp.text)
			}
		})
	}
	good := newClient(t, tg.url()).do("GET", "/api/v1/players/me", nil, "Authorization", "Bearer "+sign(ours.Private, time.Hour))
	if good.status != 404 || good.reason() != "PLAYER_NOT_FOUND" {
		t.Errorf("a valid token of an unknown player: %d %s", good.status, good.text)
	}
	cookie := newClient(t, tg.url()).do("GET", "/api/v1/players/me", nil, "Cookie", "bitcraps_session="+sign(ours.Private, -time.Minute))
	if cookie.status != 401 || !strings.Contains(cookie.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("an expired cookie: %d, Set-Cookie %q", cookie.status, cookie.header.Get("Set-Cookie"))
	}
}

func TestCredentialsAreRequiredWithoutGuests(t *testing.T) {
	tg := ownTarget(t, "auth.allow_guest=false")
	c := newClient(t, tg.url())
	for path, status := range map[string]int{"/api/v1/players/me": 401, "/api/v1/games": 200, "/api/v1/wagers": 200} {
		if resp := c.do("GET", path, nil); resp.status != status {
			t.Errorf("%s: %d %s", path, resp.status, resp.text)
		}
	}
	if resp := c.do("POST", "/api/v1/players/guests", nil); resp.status != 403 || resp.reason() != "GUESTS_NOT_ALLOWED" {
		t.Errorf("%d %s", resp.status, resp.text)
	}
}

// TestMalformedHTTP sends raw HTTP that no client library would send.
func TestMalformedHTTP(t *testing.T) { forEachTarget(t, malformedHTTP) }

func malformedHTTP(t *testing.T, tg *target) {
	address := strings.TrimPrefix(tg.url(), "http://")
	for name, tc := range map[string]struct{ request, status string }{
		"two lengths":      {"POST /api/v1/games HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", "400"},
		"header too large": {"GET /health HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", "431"},
		"not HTTP":         {"\x16\x03\x01 hello\r\n\r\n", "400"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if _, err := conn.Write([]byte(tc.request)); err != nil {
				t.Fatal(err)
			}
			answer := make([]byte, 64)
			n, _ := conn.Read(answer)
			if line := string(answer[:n]); !strings.Contains(line, " "+tc.status+" ") {
				t.Errorf("answer %q, want %s", line, tc.status)
			}
		})
	}
}
