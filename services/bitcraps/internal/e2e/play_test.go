package e2e_test

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
)

// TestFirstMinute follows the README's first minute.
func TestFirstMinute(t *testing.T) { forEachTarget(t, firstMinute) }

func firstMinute(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	created := c.must(201, "POST", "/api/v1/games", form{"max_players": {"4"}, "min_bet": {"10"}, "max_bet": {"1000"}})
	game := "/api/v1/games/" + created.str("game_id")
	if created.num("max_players") != 4 || created.str("phase") != "PHASE_COME_OUT" || len(created.list("seats")) != 1 {
		t.Errorf("created %s", created.text)
	}
	c.must(200, "POST", game+"/join", nil)
	if seats := c.must(200, "GET", game, nil).list("seats"); len(seats) != 1 {
		t.Errorf("seats after joining again: %v", seats)
	}
	bet := c.must(201, "POST", game+"/bets", form{"bet_type": {"pass_line"}, "amount": {"50"}})
	if bet.num("balance") != 950 || bet.str("bet.status") != "BET_STATUS_LIVE" {
		t.Errorf("bet %s", bet.text)
	}
	rolled := c.must(200, "POST", game+"/roll", nil)
	if rolled.num("round") != 1 || rolled.num("beacon_height") <= rolled.num("decision_height") || rolled.num("decision_height") < 1 {
		t.Errorf("rolled %s", rolled.text)
	}
	for i := int64(2); rolled.str("phase") == "PHASE_POINT"; i++ {
		rolled = c.must(200, "POST", game+"/roll", nil)
		if rolled.num("round") != i {
			t.Errorf("round %d is called %d", i, rolled.num("round"))
		}
	}
	settled := rolled.list("settlements")
	if len(settled) != 1 || settled[0]["bet_id"] != bet.str("bet.bet_id") {
		t.Fatalf("settlements %v", settled)
	}
	want := int64(950)
	if settled[0]["result"] == "BET_STATUS_WON" {
		want = 1050
	}
	if rolled.num("balance") != want || c.balance() != want {
		t.Errorf("balance %d, then %d, after %v", rolled.num("balance"), c.balance(), settled[0])
	}
	sum := int64(0)
	for _, entry := range c.must(200, "GET", "/api/v1/players/me/ledger", nil).list("entries") {
		var amount int64
		_, _ = fmt.Sscan(fmt.Sprint(entry["amount"]), &amount)
		sum += amount
	}
	if sum != want {
		t.Errorf("the ledger's entries add up to %d, the balance is %d", sum, want)
	}
	if rounds := c.must(200, "GET", game+"/rounds", nil).list("rounds"); int64(len(rounds)) != rolled.num("round") || rounds[0]["status"] != "ROUND_STATUS_SETTLED" {
		t.Errorf("rounds %v", rounds)
	}
	c.must(200, "POST", game+"/leave", nil)
	if status := c.must(200, "GET", game, nil).str("status"); status != "GAME_STATUS_COMPLETED" {
		t.Errorf("after everybody left the game is %s", status)
	}
}

func TestShortPaths(t *testing.T) { forEachTarget(t, shortPaths) }

func shortPaths(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	game := c.must(201, "POST", "/api/games", form{"max_players": {"4"}, "min_bet": {"10"}, "max_bet": {"1000"}}).str("game_id")
	c.must(200, "POST", "/api/games/"+game+"/join", nil)
	c.must(201, "POST", "/api/games/"+game+"/bets", form{"bet_type": {"pass_line"}, "amount": {"50"}})
	c.must(200, "GET", "/api/v1/games/"+game, nil)
	c.must(404, "GET", "/api/v1/v1/games/"+game, nil)
}

func TestGuestsAreIdentifiedByCookie(t *testing.T) { forEachTarget(t, guestsAreIdentifiedByCookie) }

func guestsAreIdentifiedByCookie(t *testing.T, tg *target) {
	alice, bob := newClient(t, tg.url()), newClient(t, tg.url())
	game := alice.newGame()
	if len(bob.must(200, "POST", game+"/join", nil).list("seats")) != 2 {
		t.Error("two browsers are one player")
	}
	first := alice.must(200, "GET", "/api/v1/players/me", nil).str("player_id")
	if second := alice.must(200, "GET", "/api/v1/players/me", nil).str("player_id"); first != second {
		t.Errorf("one browser is %s, then %s", first, second)
	}
	guest := newClient(t, tg.url()).must(201, "POST", "/api/v1/players/guests", nil)
	app := newClient(t, tg.url())
	app.header.Set("Authorization", "Bearer "+guest.str("access_token"))
	if me := app.must(200, "GET", "/api/v1/players/me", nil); me.str("player_id") != guest.str("player_id") || me.header.Get("Set-Cookie") != "" {
		t.Errorf("with a bearer token: %s, cookie %q", me.text, me.header.Get("Set-Cookie"))
	}
	cookies := newClient(t, tg.url()).must(200, "GET", "/api/v1/players/me", nil).header.Values("Set-Cookie")
	if len(cookies) != 2 {
		t.Errorf("cookies %q", cookies)
	}
	for _, cookie := range cookies {
		for _, attribute := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
			if !strings.Contains(cookie, attribute) {
				t.Errorf("cookie %q lacks %s", cookie, attribute)
			}
		}
	}
}

func TestRetriesHaveOneEffect(t *testing.T) { forEachTarget(t, retriesHaveOneEffect) }

func retriesHaveOneEffect(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	game := c.newGame()
	first := c.bet(game, "pass_line", 50, "Idempotency-Key", "k1")
	again := c.bet(game, "pass_line", 50, "Idempotency-Key", "k1")
	if first.status != 201 || again.status != 201 || first.text != again.text {
		t.Errorf("first %d %s, again %d %s", first.status, first.text, again.status, again.text)
	}
	field := c.do("POST", game+"/bets", map[string]any{"bet_type": "pass_line", "amount": 50, "request_id": "k1"})
	if field.text != first.text {
		t.Errorf("by field: %s", field.text)
	}
	other := c.bet(game, "pass_line", 60, "Idempotency-Key", "k1")
	if other.status != 422 || other.reason() != "REQUEST_ID_REUSED" {
		t.Errorf("another body: %d %s", other.status, other.text)
	}
	stranger := newClient(t, tg.url())
	stranger.must(200, "POST", game+"/join", nil)
	if resp := stranger.bet(game, "pass_line", 60, "Idempotency-Key", "k1"); resp.status != 201 {
		t.Errorf("another player's key: %d %s", resp.status, resp.text)
	}
	rolled := c.must(200, "POST", game+"/roll", nil, "Idempotency-Key", "r1")
	rolledAgain := c.must(200, "POST", game+"/roll", nil, "Idempotency-Key", "r1")
	if rolled.num("round") != 1 || rolledAgain.text != rolled.text {
		t.Errorf("rolled %s, again %s", rolled.text, rolledAgain.text)
	}
	if c.balance() != 950+paid(rolled) {
		t.Errorf("balance %d after %s", c.balance(), rolled.text)
	}
	made := c.must(201, "POST", "/api/v1/games", map[string]any{"max_players": 2}, "Idempotency-Key", "g1")
	if remade := c.must(201, "POST", "/api/v1/games", map[string]any{"max_players": 2}, "Idempotency-Key", "g1"); remade.text != made.text {
		t.Errorf("made %s, then %s", made.text, remade.text)
	}
}

func paid(rolled *response) (sum int64) {
	for _, s := range rolled.list("settlements") {
		var payout int64
		_, _ = fmt.Sscan(fmt.Sprint(s["payout"]), &payout)
		sum += payout
	}
	return sum
}

// stream opens a game's server-sent events after an id.
func (c *client) stream(game, after string) (lines *bufio.Scanner, leave func()) {
	c.t.Helper()
	ctx, cancel := context.WithCancel(c.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+game+"/events", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	maps.Copy(req.Header, c.header)
	if after != "" {
		req.Header.Set("Last-Event-ID", after)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || kind != "text/event-stream" {
		c.t.Fatalf("status %d, %s", resp.StatusCode, kind)
	}
	return bufio.NewScanner(resp.Body), func() { cancel(); _ = resp.Body.Close() }
}

// watch reads up to n events of a game's log after an id.
func (c *client) watch(game, after string, n int) (ids, kinds []string) {
	c.t.Helper()
	lines, leave := c.stream(game, after)
	defer leave()
	for len(kinds) < n && lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			ids = append(ids, id)
		}
		if kind, ok := strings.CutPrefix(lines.Text(), "event: "); ok && kind != "presence" {
			kinds = append(kinds, kind)
		}
	}
	return ids, kinds
}

// TestEventStreamsReportPresence checks that presence names a seated player who watches, identified by cookie, and counts all watchers.
func TestEventStreamsReportPresence(t *testing.T) {
	tg := oneProcess(t)
	alice := newClient(t, tg.url())
	game := alice.newGame()
	lines, leave := alice.stream(game, "")
	defer leave()
	_, strangerLeaves := newClient(t, tg.url()).stream(game, "")
	is := func(watching int) {
		t.Helper()
		want := fmt.Sprintf(`data: {"type":"presence","game_id":%q,"watching":%d,"seats":[{"seat":1,"player_id":%q,"online":true}]}`,
			id(game), watching, alice.must(200, "GET", me, nil).str("player_id"))
		for lines.Scan() {
			if lines.Text() == want {
				return
			}
		}
		t.Fatalf("the stream ended without %s", want)
	}
	is(2)
	strangerLeaves()
	is(1)
}

func TestEventsResumeWithoutAGap(t *testing.T) { forEachTarget(t, eventsResumeWithoutAGap) }

func eventsResumeWithoutAGap(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	game := c.newGame()
	c.bet(game, "pass_line", 50)
	want := []string{"game_created", "player_joined", "shooter_changed", "bet_placed", "betting_closed", "dice_rolled"}

	type seen struct{ ids, kinds []string }
	live := make(chan seen)
	go func() {
		ids, kinds := c.watch(game, "", len(want)) // Starts before the roll and sees it live.
		live <- seen{ids, kinds}
	}()
	c.must(200, "POST", game+"/roll", nil)
	got := <-live
	if strings.Join(got.kinds, " ") != strings.Join(want, " ") || strings.Join(got.ids, " ") != "1 2 3 4 5 6" {
		t.Errorf("ids %v, kinds %v", got.ids, got.kinds)
	}
	if ids, kinds := c.watch(game, "4", 2); strings.Join(ids, " ") != "5 6" || kinds[0] != "betting_closed" {
		t.Errorf("after 4: %v %v", ids, kinds)
	}
	for after, reason := range map[string]string{"99": "SEQUENCE_AHEAD", "x": "INVALID_FIELD", "-1": "INVALID_FIELD"} {
		if resp := c.do("GET", game+"/events", nil, "Last-Event-ID", after); resp.status != 400 || resp.reason() != reason {
			t.Errorf("Last-Event-ID %s: %d %s", after, resp.status, resp.text)
		}
	}
	if resp := c.do("GET", "/api/v1/games/00000000-0000-7000-8000-000000000000/events", nil); resp.status != 404 {
		t.Errorf("no such game: %d", resp.status)
	}
}

func TestListsPage(t *testing.T) { forEachTarget(t, listsPage) }

func listsPage(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	game := c.newGame()
	for range 3 {
		c.must(201, "POST", game+"/bets", map[string]any{"bet_type": "pass_line", "amount": 10})
		for c.must(200, "POST", game+"/roll", nil).str("phase") == "PHASE_POINT" {
		}
	}
	var seen []string
	token := ""
	for {
		page := c.must(200, "GET", game+"/bets?page_size=2&page_token="+token, nil)
		for _, bet := range page.list("bets") {
			seen = append(seen, fmt.Sprint(bet["bet_id"]))
		}
		if token = page.str("next_page_token"); token == "" {
			break
		}
	}
	if len(seen) != 3 {
		t.Errorf("bets %v", seen)
	}
	token = c.must(200, "GET", game+"/bets?page_size=1", nil).str("next_page_token")
	other := newClient(t, tg.url())
	other.must(201, "POST", other.newGame()+"/bets", map[string]any{"bet_type": "field", "amount": 10})
	anothers := other.must(200, "GET", "/api/v1/players/me/ledger?page_size=1", nil).str("next_page_token")
	for _, path := range []string{game + "/rounds?page_token=" + token, game + "/bets?page_token=zzz", game + "/bets?status=BET_STATUS_LIVE&page_token=" + token,
		"/api/v1/players/me/ledger?page_token=" + anothers} {
		if resp := c.do("GET", path, nil); resp.status != 400 || resp.reason() != "PAGE_TOKEN_INVALID" {
			t.Errorf("%s: %d %s", path, resp.status, resp.text)
		}
	}
	c.must(200, "GET", "/api/v1/games?page_size=100", nil)
	c.must(400, "GET", "/api/v1/games?page_size=101", nil)
}

func TestWagersAreListed(t *testing.T) { forEachTarget(t, wagersAreListed) }

func wagersAreListed(t *testing.T, tg *target) {
	list := newClient(t, tg.url()).must(200, "GET", "/api/v1/wagers", nil)
	names := map[string]bool{}
	for _, wager := range list.list("wagers") {
		names[fmt.Sprint(wager["name"])] = true
	}
	for _, name := range []string{"pass_line", "dont_pass", "come", "dont_come", "odds_pass", "odds_dont_pass", "odds_come", "odds_dont_come",
		"field", "hard_4", "hard_6", "hard_8", "hard_10", "place_4", "place_5", "place_6", "place_8", "place_9", "place_10", "any_craps", "next_7"} {
		if !names[name] {
			t.Errorf("%s is missing", name)
		}
	}
	if len(list.str("pay_table_hash")) != 64 {
		t.Errorf("pay_table_hash = %s", list.str("pay_table_hash"))
	}
}

func TestDocsAreSelfContained(t *testing.T) { forEachTarget(t, docsAreSelfContained) }

func docsAreSelfContained(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	page := c.must(200, "GET", "/docs/", nil)
	for _, attribute := range []string{`src="http`, `href="http`, `src="//`, `href="//`} {
		if strings.Contains(page.text, attribute) {
			t.Errorf("the page loads something from elsewhere: %s", attribute)
		}
	}
	if c.must(200, "GET", "/openapi.json", nil).str("openapi") != "3.1.0" {
		t.Error("no OpenAPI document")
	}
	for path, text := range map[string]string{"/health": `"ok"`, "/ready": `"consensus":"ok"`, "/.well-known/jwks.json": "Ed25519"} {
		if resp := c.must(200, "GET", path, nil); !strings.Contains(resp.text, text) {
			t.Errorf("%s lacks %s", path, text)
		}
	}
	if resp := newClient(t, tg.metrics(c.base)).must(200, "GET", "/metrics", nil); !strings.Contains(resp.text, "bitcraps_requests_total") {
		t.Error("no metrics")
	}
}
