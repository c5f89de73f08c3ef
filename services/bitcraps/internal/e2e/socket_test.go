package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// protocol is the subprotocol that docs/live.md specifies.
const protocol = "bitcraps.v1"

// live is a player's WebSocket.
type live struct {
	t    testing.TB
	conn *websocket.Conn
}

// dial opens a WebSocket with the client's cookies.
func (c *client) dial(headers ...string) (*websocket.Conn, *http.Response, error) {
	c.t.Helper()
	header := c.header.Clone()
	for i := 0; i+1 < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	return websocket.Dial(c.t.Context(), c.base+"/api/v1/ws", &websocket.DialOptions{HTTPClient: &http.Client{Jar: c.http.Jar}, HTTPHeader: header, Subprotocols: []string{protocol}})
}

// live opens a WebSocket and reads its welcome message.
func (c *client) live() *live {
	c.t.Helper()
	player := c.must(200, "GET", "/api/v1/players/me", nil).str("player_id")
	conn, _, err := c.dial()
	if err != nil {
		c.t.Fatal(err)
	}
	l := &live{c.t, conn}
	c.t.Cleanup(func() { _ = conn.CloseNow() })
	if welcome := l.receive(); welcome.str("type") != "welcome" || welcome.str("player_id") != player {
		c.t.Fatalf("it sends %s", welcome.text)
	}
	return l
}

func (l *live) send(format string, args ...any) {
	l.t.Helper()
	if err := l.conn.Write(l.t.Context(), websocket.MessageText, fmt.Appendf(nil, format, args...)); err != nil {
		l.t.Fatal(err)
	}
}

// next returns the next message, or the error with which the connection ended.
func (l *live) next() (*response, error) {
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	_, text, err := l.conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	message := &response{text: string(text)}
	decoder := json.NewDecoder(strings.NewReader(message.text))
	decoder.UseNumber()
	return message, decoder.Decode(&message.json)
}

func (l *live) receive() *response {
	l.t.Helper()
	message, err := l.next()
	if err != nil {
		l.t.Fatal(err)
	}
	return message
}

// until returns the next message of a type, skipping others, mostly presence.
func (l *live) until(kind string) *response {
	l.t.Helper()
	for {
		if message := l.receive(); message.str("type") == kind {
			return message
		}
	}
}

// events returns the next n events.
func (l *live) events(n int) (got []string) {
	l.t.Helper()
	for len(got) < n {
		event := l.until("event")
		for _, kind := range []string{"game_created", "player_joined", "shooter_changed", "bet_placed", "betting_closed", "dice_rolled", "player_left", "game_closed"} {
			if event.at("event."+kind) != nil {
				got = append(got, event.str("event.sequence")+" "+kind)
			}
		}
	}
	return got
}

func id(game string) string { return strings.TrimPrefix(game, "/api/v1/games/") }

func TestSocketWatchesManyGames(t *testing.T) { forEachTarget(t, socketWatchesManyGames) }

func socketWatchesManyGames(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	one, other := c.newGame(), c.newGame()
	l := c.live()
	l.send(`{"op":"subscribe","id":"a","game_id":%q}`, id(one))
	if got := l.until("subscribed"); got.str("id") != "a" || got.str("game_id") != id(one) {
		t.Errorf("%s", got.text)
	}
	want := []string{"1 game_created", "2 player_joined", "3 shooter_changed"}
	if got := l.events(3); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	l.send(`{"op":"subscribe","game_id":%q,"after_sequence":2}`, strings.ToUpper(id(other)))
	if got := l.events(1); got[0] != "3 shooter_changed" {
		t.Errorf("after 2: %v", got)
	}
	c.bet(one, "pass_line", 50)
	if got := l.until("event"); got.str("event.game_id") != id(one) || got.str("event.bet_placed.amount") != "50" {
		t.Errorf("%s", got.text)
	}
	c.must(200, "POST", one+"/roll", nil)
	if got := l.events(2); !slices.Equal(got, []string{"5 betting_closed", "6 dice_rolled"}) {
		t.Errorf("%v", got)
	}
	l.send(`{"op":"unsubscribe","id":"b","game_id":%q}`, id(one))
	if got := l.until("unsubscribed"); got.str("id") != "b" {
		t.Errorf("%s", got.text)
	}
	c.must(200, "POST", one+"/leave", nil)
	c.must(200, "POST", other+"/leave", nil)
	if got := l.events(3); got[0] != "4 player_left" || got[2] != "6 game_closed" {
		t.Errorf("the other game: %v", got)
	}
	if got := l.until("ended"); got.str("game_id") != id(other) || got.str("after_sequence") != "6" || got.at("error") != nil {
		t.Errorf("%s", got.text)
	}
	l.send(`{"op":"ping","id":"still there"}`)
	if got := l.until("pong"); got.str("id") != "still there" {
		t.Errorf("%s", got.text)
	}
	if err := l.conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("it does not close cleanly: %v", err)
	}
}

// TestSocketReportsPresence checks that presence names seated players and counts watchers.
func TestSocketReportsPresence(t *testing.T) {
	tg := oneProcess(t)
	alice, bob := newClient(t, tg.url()), newClient(t, tg.url())
	game := alice.newGame()
	l, stranger := alice.live(), bob.live()
	for _, l := range []*live{l, stranger} {
		l.send(`{"op":"subscribe","game_id":%q}`, id(game))
	}
	player := alice.must(200, "GET", "/api/v1/players/me", nil).str("player_id")
	is := func(watching, seats string) {
		t.Helper()
		for {
			got := stranger.until("presence")
			if got.str("watching") == watching && strings.HasSuffix(got.text, seats+"}") {
				return
			}
		}
	}
	is("2", fmt.Sprintf(`"seats":[{"seat":1,"player_id":%q,"online":true}]`, player))
	_ = l.conn.CloseNow()
	is("1", fmt.Sprintf(`"seats":[{"seat":1,"player_id":%q,"online":false}]`, player))
}

// TestSocketRefusesHandshakes sends invalid handshakes.
func TestSocketRefusesHandshakes(t *testing.T) {
	tg := oneProcess(t)
	c := newClient(t, tg.url())
	upgrade := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}
	for name, tc := range map[string]struct {
		headers []string
		status  int
		reason  string
	}{
		"no handshake":      {nil, 426, "UPGRADE_REQUIRED"},
		"no protocol":       {upgrade, 400, "INVALID_FIELD"},
		"another protocol":  {append(upgrade, "Sec-WebSocket-Protocol", "bitcraps.v0"), 400, "INVALID_FIELD"},
		"foreign page":      {append(upgrade, "Sec-WebSocket-Protocol", protocol, "Origin", "https://evil.example"), 403, "ORIGIN_NOT_ALLOWED"},
		"a page of nowhere": {append(upgrade, "Sec-WebSocket-Protocol", protocol, "Origin", "null"), 403, "ORIGIN_NOT_ALLOWED"},
		"forged token":      {append(upgrade, "Sec-WebSocket-Protocol", protocol, "Authorization", "Bearer x.y.z"), 401, "TOKEN_INVALID"},
		"unknown query":     {append(upgrade, "?", "token=x"), 400, "INVALID_FIELD"},
	} {
		t.Run(name, func(t *testing.T) {
			path, headers := "/api/v1/ws", tc.headers
			if i := slices.Index(headers, "?"); i >= 0 {
				path, headers = path+"?"+headers[i+1], headers[:i]
			}
			if resp := c.do("GET", path, nil, headers...); resp.status != tc.status || resp.reason() != tc.reason {
				t.Errorf("%d %s", resp.status, resp.text)
			}
		})
	}
	if conn, _, err := c.dial("Origin", c.base); err != nil {
		t.Errorf("our own page: %v", err)
	} else {
		_ = conn.CloseNow()
	}
}

// TestSocketRejectsInvalidMessages sends invalid messages. Each connection is closed with the matching code.
func TestSocketRejectsInvalidMessages(t *testing.T) {
	tg := oneProcess(t)
	c := newClient(t, tg.url())
	game := id(c.newGame())
	for name, tc := range map[string]struct {
		kind websocket.MessageType
		text string
		code websocket.StatusCode
	}{
		"too large":        {websocket.MessageText, `{"op":"` + strings.Repeat("x", 5000) + `"}`, websocket.StatusMessageTooBig},
		"not UTF-8":        {websocket.MessageText, "{\"op\":\"\xff\"}", websocket.StatusInvalidFramePayloadData},
		"binary":           {websocket.MessageBinary, `{"op":"ping"}`, websocket.StatusUnsupportedData},
		"unknown op":       {websocket.MessageText, `{"op":"bet"}`, websocket.StatusPolicyViolation},
		"no op":            {websocket.MessageText, `{}`, websocket.StatusPolicyViolation},
		"no JSON":          {websocket.MessageText, `subscribe`, websocket.StatusPolicyViolation},
		"two messages":     {websocket.MessageText, `{"op":"ping"}{"op":"ping"}`, websocket.StatusPolicyViolation},
		"unknown field":    {websocket.MessageText, `{"op":"ping","player_id":"x"}`, websocket.StatusPolicyViolation},
		"deep JSON":        {websocket.MessageText, strings.Repeat("[", 4000), websocket.StatusPolicyViolation},
		"negative":         {websocket.MessageText, `{"op":"subscribe","game_id":"` + game + `","after_sequence":-1}`, websocket.StatusPolicyViolation},
		"minus zero":       {websocket.MessageText, `{"op":"subscribe","game_id":"` + game + `","after_sequence":-0}`, websocket.StatusPolicyViolation},
		"1e308":            {websocket.MessageText, `{"op":"subscribe","game_id":"` + game + `","after_sequence":1e308}`, websocket.StatusPolicyViolation},
		"2^64":             {websocket.MessageText, `{"op":"subscribe","game_id":"` + game + `","after_sequence":18446744073709551616}`, websocket.StatusPolicyViolation},
		"an id too long":   {websocket.MessageText, `{"op":"ping","id":"` + strings.Repeat("x", 65) + `"}`, websocket.StatusPolicyViolation},
		"an empty message": {websocket.MessageText, ``, websocket.StatusPolicyViolation},
	} {
		t.Run(name, func(t *testing.T) {
			l := c.live()
			if err := l.conn.Write(t.Context(), tc.kind, []byte(tc.text)); err != nil {
				t.Fatal(err)
			}
			message, err := l.next()
			if websocket.CloseStatus(err) != tc.code {
				t.Errorf("%v, %v", message, err)
			}
		})
	}
	t.Run("flood", func(t *testing.T) {
		l := c.live()
		for range 1000 {
			if l.conn.Write(t.Context(), websocket.MessageText, []byte(`{"op":"ping"}`)) != nil {
				break
			}
		}
		for {
			if _, err := l.next(); err != nil {
				if websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
					t.Error(err)
				}
				break
			}
		}
	})
}

// TestSocketReportsErrors sends valid messages that can't be served. The connection stays open.
func TestSocketReportsErrors(t *testing.T) {
	tg := oneProcess(t)
	c := newClient(t, tg.url())
	game := id(c.newGame())
	l := c.live()
	for message, want := range map[string]string{
		`{"op":"subscribe"}`: "INVALID_FIELD",
		`{"op":"subscribe","game_id":"00000000-0000-7000-8000-000000000000"}`:                  "GAME_NOT_FOUND",
		`{"op":"subscribe","game_id":"` + game + `","after_sequence":99}`:                      "SEQUENCE_AHEAD",
		`{"op":"subscribe","game_id":"` + game + `","after_sequence":9223372036854775808}`:     "SEQUENCE_AHEAD",
		`{"op":"unsubscribe","game_id":"../../etc"}`:                                           "INVALID_FIELD",
		`{"op":"subscribe","game_id":"` + game + `","after_sequence":2,"id":"\u0000<script>"}`: "",
	} {
		l.send("%s", message)
		got := l.receive()
		for got.str("type") == "event" || got.str("type") == "presence" {
			got = l.receive()
		}
		if want == "" && got.str("type") == "subscribed" {
			continue
		}
		if got.str("type") != "error" || !strings.Contains(got.text, `"`+want+`"`) {
			t.Errorf("%s: %s", message, got.text)
		}
	}
	games := make([]string, 64)
	for i := range games {
		games[i] = id(c.newGame())
	}
	many := c.live()
	for i, game := range append(games, game) {
		many.send(`{"op":"subscribe","game_id":%q,"after_sequence":3}`, game)
		got := many.receive()
		for got.str("type") == "presence" {
			got = many.receive()
		}
		if (got.str("type") == "subscribed") != (i < 64) || i == 64 && !strings.Contains(got.text, "TOO_MANY_SUBSCRIPTIONS") {
			t.Errorf("subscription %d: %s", i, got.text)
		}
	}
}

// TestSocketsResumeAfterRestart restarts a platform while a game is watched.
func TestSocketsResumeAfterRestart(t *testing.T) {
	dir := t.TempDir()
	tg, err := launch(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, tg.url())
	game := c.newGame()
	l := c.live()
	l.send(`{"op":"subscribe","game_id":%q}`, id(game))
	l.events(3)
	stopped := make(chan error)
	go func() { stopped <- tg.stop() }()
	for err == nil {
		_, err = l.next()
	}
	if websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("it ends with %v", err)
	}
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if tg, err = launch(dir); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tg.stop() }()
	again := newClient(t, tg.url())
	again.http.Jar = jarFor(t, c, tg.url())
	again.bet(game, "field", 10)
	l = again.live()
	l.send(`{"op":"subscribe","game_id":%q,"after_sequence":3}`, id(game))
	if got := l.events(1); got[0] != "4 bet_placed" {
		t.Errorf("%v", got)
	}
}
