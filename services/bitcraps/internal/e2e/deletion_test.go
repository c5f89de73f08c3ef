package e2e_test

import (
	"slices"
	"strings"
	"testing"
)

// TestDeletedPlayersLeaveTables deletes a host at a table with another player and watchers. The host's chat is gone for new watchers,
// even at the gateway that had cached it, and the host's token is refused from the answer on.
func TestDeletedPlayersLeaveTables(t *testing.T) { forEachTarget(t, deletedPlayersLeaveTables) }

func deletedPlayersLeaveTables(t *testing.T, tg *target) {
	for range 2 * len(tg.gateways) { // All calls through each gateway, and through two different ones.
		deletedPlayerLeavesTable(t, tg)
	}
}

func deletedPlayerLeavesTable(t *testing.T, tg *target) {
	guest := app(t, tg.url(), "").must(201, "POST", "/api/v1/players/guests", nil)
	alice, bob, deleted := app(t, tg.url(), guest.str("access_token")), newClient(t, tg.url()), guest.str("player_id")
	game := alice.newGame()
	bob.must(200, "POST", game+"/join", nil)
	watching := bob.live()
	watching.send(`{"op":"subscribe","game_id":%q}`, id(game))
	alice.must(201, "POST", game+"/chat", map[string]any{"text": "my secret"})
	bob.must(201, "POST", game+"/chat", map[string]any{"text": "hello"})
	for _, wager := range []string{"pass_line", "field"} {
		alice.bet(game, wager, 10)
	}
	alice.must(200, "POST", game+"/roll", nil) // It decides the field.
	alice.must(200, "PUT", "/api/v1/players/me/limits/loss/day", map[string]any{"amount": 500})
	export := alice.must(200, "GET", account+"/export", nil)
	if export.str("statistics.all_time.player_id") != deleted || len(export.list("protection.limits")) != 1 {
		t.Errorf("export %s", export.text)
	}
	alice.must(200, "DELETE", account+"?player_id="+deleted, nil)
	for what, resp := range map[string]*response{
		"a bet":       alice.do("POST", game+"/bets", map[string]any{"bet_type": "field", "amount": 10}),
		"talk":        alice.do("POST", game+"/chat", map[string]any{"text": "hi"}),
		"a new table": alice.do("POST", "/api/v1/games", nil),
	} {
		if resp.status != 401 || resp.reason() != "SESSION_ENDED" {
			t.Errorf("%s after the answer: %d %s", what, resp.status, resp.text)
		}
	}
	if now := bob.must(200, "GET", game, nil); len(now.list("seats")) != 1 || now.str("host_id") != now.list("seats")[0]["player_id"] {
		t.Errorf("the game is %s", now.text)
	}
	for event := watching.until("event"); event.at("event.chat_erased") == nil; event = watching.until("event") {
		continue
	}
	if said := chatTexts(newClient(t, tg.url()), game); !slices.Equal(said, []string{"", "hello"}) {
		t.Errorf("said %q", said)
	}
	for path := "/api/v1/leaderboards/all_time"; path != ""; {
		page := bob.must(200, "GET", path, nil)
		if strings.Contains(page.text, deleted) {
			t.Errorf("leaders %s", page.text)
		}
		if path = page.str("next_page_token"); path != "" {
			path = "/api/v1/leaderboards/all_time?page_token=" + path
		}
	}
}

// chatTexts returns the chat texts up to the erasure as a new watcher sees them.
func chatTexts(c *client, game string) (texts []string) {
	c.t.Helper()
	l := c.live()
	l.send(`{"op":"subscribe","game_id":%q}`, id(game))
	for {
		event := l.until("event")
		if event.at("event.chat_erased") != nil {
			return texts
		}
		if event.at("event.chat_posted") != nil {
			text, _ := event.at("event.chat_posted.text").(string)
			texts = append(texts, text)
		}
	}
}
