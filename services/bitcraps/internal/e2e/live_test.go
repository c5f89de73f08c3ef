package e2e_test

import (
	"slices"
	"testing"

	"github.com/coder/websocket"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// TestWatchersSurviveReplicas kills a game and a gateway of a fleet while a WebSocket watches a game. The crash of the game goes
// unnoticed; after the crash of the gateway, a watcher that resumes at the other one sees every event once.
func TestWatchersSurviveReplicas(t *testing.T) {
	tg := ownFleet(t)
	c := newClient(t, tg.states["gateway-0"].Address)
	game := c.newGame()
	l := c.live()
	l.send(`{"op":"subscribe","game_id":%q}`, id(game))
	l.events(3)
	want := func(kinds ...string) {
		t.Helper()
		if got := l.events(len(kinds)); !slices.Equal(got, kinds) {
			t.Errorf("%v, want %v", got, kinds)
		}
	}
	bet := func(amount int64) {
		t.Helper()
		testserver.Eventually(t, "a bet", func() bool {
			resp := c.try("POST", game+"/bets", map[string]any{"bet_type": "place_6", "amount": amount}, "Idempotency-Key", "bet")
			return resp != nil && resp.status == 201
		})
	}
	tg.kill(t, "game-0")
	if err := tg.heal(); err != nil {
		t.Fatal(err)
	}
	bet(12)
	want("4 bet_placed")

	if _, ok := tg.states["gateway-1"]; !ok {
		return // There is no other gateway.
	}
	tg.kill(t, "gateway-0")
	var err error
	for err == nil {
		_, err = l.next()
	}
	if websocket.CloseStatus(err) != -1 {
		t.Errorf("a killed gateway sends a close frame: %v", err)
	}
	other := newClient(t, tg.states["gateway-1"].Address)
	other.http.Jar = jarFor(t, c, other.base)
	other.must(201, "POST", game+"/bets", map[string]any{"bet_type": "pass_line", "amount": 10})
	l = other.live()
	l.send(`{"op":"subscribe","game_id":%q,"after_sequence":4}`, id(game))
	other.must(200, "POST", game+"/roll", nil)
	want("5 bet_placed", "6 betting_closed", "7 dice_rolled")
}
