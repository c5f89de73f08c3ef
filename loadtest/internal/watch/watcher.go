package watch

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/bitcraps/bitcraps/loadtest/internal/platform"
)

// watcher is one connection.
type watcher struct {
	next  func(ctx context.Context) ([]byte, error) // The next event as JSON.
	close func()
	idle  bool

	last   int64
	events int
	rolls  []time.Duration
}

// event contains the fields of an event that a watcher checks.
type event struct {
	Sequence   int64     `json:"sequence"`
	OccurredAt time.Time `json:"occurred_at"`
}

// read reads events until it has seen a number of rolls, and signals each of them. Past rolls count, so every watcher must start before
// the first roll.
func (w *watcher) read(ctx context.Context, rolls int, rolled chan<- struct{}) error {
	for seen := 0; seen < rolls && !w.idle; {
		text, err := w.next(ctx)
		if err != nil {
			return fmt.Errorf("after event %d: %w", w.last, err)
		}
		now := time.Now()
		var e event
		if err := json.Unmarshal(text, &e); err != nil {
			return err
		}
		if e.Sequence != w.last+1 {
			return fmt.Errorf("event %d follows event %d", e.Sequence, w.last)
		}
		w.last = e.Sequence
		w.events++
		if bytes.Contains(text, []byte(`"dice_rolled":`)) {
			w.rolls = append(w.rolls, now.Sub(e.OccurredAt))
			seen++
			rolled <- struct{}{}
		}
	}
	return nil
}

func dial(ctx context.Context, player *platform.Player, socket, watches bool) (*watcher, error) {
	if socket {
		return dialSocket(ctx, player, watches)
	}
	return dialStream(ctx, player)
}

// dialSocket connects by WebSocket and, if the connection watches, waits until it is subscribed.
func dialSocket(ctx context.Context, player *platform.Player, watches bool) (*watcher, error) {
	conn, _, err := websocket.Dial(ctx, player.URL()+"/api/v1/ws", &websocket.DialOptions{ //nolint:bodyclose // The connection owns it.
		Subprotocols: []string{"bitcraps.v1"}, HTTPHeader: http.Header{"Cookie": {player.Cookie()}}})
	if err != nil {
		return nil, err
	}
	w := &watcher{close: func() { _ = conn.CloseNow() }, idle: !watches}
	want := []string{`"type":"welcome"`, `"type":"subscribed"`}
	if !watches {
		want = want[:1]
	} else if err := conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"op":"subscribe","game_id":%q}`, player.Game())); err != nil {
		return w, err
	}
	for _, part := range want {
		if _, text, err := conn.Read(ctx); err != nil || !bytes.Contains(text, []byte(part)) {
			return w, fmt.Errorf("%s, %w; want %s", text, err, part)
		}
	}
	w.next = func(ctx context.Context) ([]byte, error) {
		for {
			_, text, err := conn.Read(ctx)
			if err != nil {
				return nil, err
			}
			if inner, ok := bytes.CutPrefix(text, []byte(`{"type":"event","event":`)); ok {
				return inner[:len(inner)-1], nil
			}
		}
	}
	return w, nil
}

// dialStream connects for server-sent events with as little HTTP as possible, since the load generator shares the machine.
func dialStream(ctx context.Context, player *platform.Player) (*watcher, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", player.Address())
	if err != nil {
		return nil, err
	}
	w := &watcher{close: func() { _ = conn.Close() }}
	context.AfterFunc(ctx, w.close) // Reads below don't check the context.
	if _, err := fmt.Fprintf(conn, "GET /api/v1/games/%s/events HTTP/1.1\r\nHost: %s\r\n\r\n", player.Game(), player.Address()); err != nil {
		return w, err
	}
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if lines.Text() == ": watching" {
			w.next = func(context.Context) ([]byte, error) { return nextData(lines) }
			return w, nil
		}
	}
	return w, fmt.Errorf("no stream: %w", lines.Err())
}

func nextData(lines *bufio.Scanner) ([]byte, error) {
	for lines.Scan() {
		if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok && !bytes.HasPrefix(data, []byte(`{"type":"presence"`)) {
			return data, nil
		}
	}
	return nil, fmt.Errorf("the stream ended: %w", lines.Err())
}
