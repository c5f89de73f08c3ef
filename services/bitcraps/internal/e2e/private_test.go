package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestPrivateTablesAreWatchedByFriends watches a private table in every possible way. While the host and a friend watch it, it does not
// exist for a stranger at the same gateway.
func TestPrivateTablesAreWatchedByFriends(t *testing.T) {
	forEachTarget(t, privateTablesAreWatchedByFriends)
}

func privateTablesAreWatchedByFriends(t *testing.T, tg *target) {
	host, friend, spectator, stranger := newClient(t, tg.url()), newClient(t, tg.url()), newClient(t, tg.url()), newClient(t, tg.url())
	created := host.must(201, "POST", "/api/v1/games", map[string]any{"private": true})
	game, code := "/api/v1/games/"+created.str("game_id"), created.str("join_code")
	outside := stranger.live()
	refused := func() {
		t.Helper()
		outside.send(`{"op":"subscribe","game_id":%q}`, id(game))
		if got := outside.receive(); got.str("type") != "error" || got.str("game_id") != id(game) || !strings.Contains(got.text, `"GAME_NOT_FOUND"`) {
			t.Errorf("a stranger subscribes: %s", got.text)
		}
		for name, c := range map[string]*client{"a stranger": stranger, "nobody": newClient(t, tg.url()), "a bad token": app(t, tg.url(), "x")} {
			if got := c.do("GET", game+"/events", nil); got.status != 404 || got.reason() != "GAME_NOT_FOUND" {
				t.Errorf("%s streams: %d %s", name, got.status, got.text)
			}
		}
	}
	refused()
	begun := []string{"1 game_created", "2 player_joined", "3 shooter_changed"}
	inside := []*live{host.live()}
	subscribe := func(l *live, want []string) {
		t.Helper()
		l.send(`{"op":"subscribe","game_id":%q}`, id(game))
		if got := l.events(len(want)); !slices.Equal(got, want) {
			t.Errorf("from the beginning: %v, want %v", got, want)
		}
	}
	subscribe(inside[0], begun)
	refused()
	friend.must(200, "POST", "/api/v1/games:join", map[string]any{"join_code": code})
	spectator.must(200, "POST", "/api/v1/games:join", map[string]any{"join_code": code, "spectate": true})
	if got := inside[0].events(1); got[0] != "4 player_joined" {
		t.Errorf("the host sees %v", got)
	}
	for _, c := range []*client{friend, spectator} {
		l := c.live()
		subscribe(l, append(slices.Clone(begun), "4 player_joined"))
		inside = append(inside, l)
	}
	key := friend.must(201, "POST", apiKeys, map[string]any{"name": "bot", "scopes": []string{"SCOPE_READ"}}).str("api_key")
	for name, c := range map[string]*client{"a friend": friend, "a spectator": spectator, "a friend's program": app(t, tg.url(), key)} {
		if _, kinds := c.watch(game, "2", 2); fmt.Sprint(kinds) != "[shooter_changed player_joined]" {
			t.Errorf("%s streams %v", name, kinds)
		}
	}
	_ = inside[0].conn.CloseNow() // The first watcher disconnects; the others keep watching.
	host.must(201, "POST", game+"/bets", map[string]any{"bet_type": "pass_line", "amount": 10})
	for _, l := range inside[1:] {
		if got := l.events(1); got[0] != "5 bet_placed" {
			t.Errorf("a friend sees %v", got)
		}
	}
	refused()
}
