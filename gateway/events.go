package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/status"

	"github.com/bitcraps/bitcraps/gateway/internal/live"
	"github.com/bitcraps/bitcraps/gateway/internal/socket"
	"github.com/bitcraps/bitcraps/libs/canonical"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

const (
	// keepAliveInterval is how often a comment is sent on an idle stream, so that proxies keep it open.
	keepAliveInterval = 15 * time.Second
	// eventBatch is the maximum number of events in one write.
	eventBatch = 8
)

// serveEvents streams a game's events as server-sent events (WHATWG HTML, section 9.2). An event's id is its sequence, so a
// browser that loses the connection resumes by itself with Last-Event-ID.
func (g *Gateway) serveEvents(w http.ResponseWriter, r *http.Request, params map[string]string) {
	ctx := r.Context()
	after, err := lastEventID(r)
	if err != nil {
		g.writeError(ctx, w, r, err)
		return
	}
	release, err := g.streamLimits.acquire(g.rateLimits.address(r))
	if err != nil {
		g.writeError(ctx, w, r, err)
		return
	}
	wake := make(chan struct{}, 1)
	player := identity.FromContext(ctx).Player
	cursor, err := g.live.Follow(ctx, params["game_id"], after, player, wake)
	if err != nil {
		release()
		g.writeError(ctx, w, r, err)
		return
	}
	revalidate := func(context.Context) error { return nil } // An anonymous watcher has no credentials that could expire.
	if player != uuid.Nil {
		revalidate = g.auth.revalidator(w, r)
	}
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // Otherwise nginx buffers events.
	watch := func(out *eventWriter) {
		defer release()
		defer cursor.Close()
		if out.write([]byte(": watching\n\n")) == nil {
			g.forward(out, cursor, wake, revalidate)
		}
	}
	if conn := hijackForEvents(w); conn != nil {
		g.hijacked.Go(func() {
			defer func() { _ = conn.Close() }()
			watch(newConnEventWriter(conn))
		})
		return
	}
	w.WriteHeader(http.StatusOK)
	watch(newResponseEventWriter(w, r))
}

// lastEventID returns the sequence after which to resume: from the header that browsers send, or from the query's after_sequence.
func lastEventID(r *http.Request) (uint64, error) {
	name := "Last-Event-ID"
	if err := atMostOne(r.Header, name); err != nil {
		return 0, err
	}
	text := r.Header.Get(name)
	if text == "" {
		text, name = r.URL.Query().Get("after_sequence"), "after_sequence"
	}
	if text == "" {
		return 0, nil
	}
	after, err := strconv.ParseInt(text, 10, 64)
	if err != nil || text[0] < '0' { // No sign.
		return 0, errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "%s is %q; send the id of an event", name, text).Field(name, "must be the id of an event")
	}
	return uint64(after), nil
}

// forward writes events until the game ends, the credentials become invalid, the gateway stops, or the client does not receive them
// in time.
func (g *Gateway) forward(out *eventWriter, cursor *live.Cursor, wake <-chan struct{}, revalidate func(context.Context) error) {
	keepAlive, recheck := time.NewTicker(keepAliveInterval), time.NewTicker(socket.RevalidateInterval)
	defer keepAlive.Stop()
	defer recheck.Stop()
	buffer := make([]*live.Frame, 0, eventBatch)
	texts := make([][]byte, 0, eventBatch+2)
	for {
		frames, end := cursor.Next(buffer)
		texts = texts[:0]
		for _, frame := range frames {
			texts = append(texts, frame.Event)
		}
		if presence := cursor.Presence(); presence != nil {
			texts = append(texts, presence.Event)
		}
		if end != nil {
			texts = append(texts, endEvent(end))
		}
		if len(texts) > 0 {
			if out.write(texts...) != nil {
				return
			}
			for _, frame := range frames {
				frame.Delivered()
			}
			if end != nil {
				return
			}
			clear(frames) // The buffer must not keep frames alive that the feed has dropped.
			keepAlive.Reset(keepAliveInterval)
			continue
		}
		select {
		case <-wake:
		case <-keepAlive.C:
			if out.write([]byte(": alive\n\n")) != nil {
				return
			}
		case <-recheck.C:
			if err := revalidate(g.draining); err != nil {
				_ = out.write(endEvent(err)) // The client may be gone.
				return
			}
		case <-out.closed:
			return
		case <-g.draining.Done():
			return
		}
	}
}

// endEvent returns the last event of a stream, with the reason for its end: google.rpc.Status, as in REST responses, or {} if the
// game is over. It has no id, so it does not change where the client resumes.
func endEvent(why error) []byte {
	body := []byte("{}")
	if !errors.Is(why, io.EOF) {
		if text, err := canonical.JSON(status.Convert(errs.Mask(why)).Proto()); err == nil {
			body = text
		}
	}
	return append(append([]byte("event: end\ndata: "), body...), "\n\n"...)
}
