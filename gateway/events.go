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
	// keepAlive is how often a silent stream says that it is alive, so that proxies keep it open.
	keepAlive = 15 * time.Second
	// eventBatch is how many events are written at once.
	eventBatch = 8
)

// serveEvents streams a game's events as server-sent events (WHATWG HTML, section 9.2). The id of each is its sequence,
// so a browser that lost the connection resumes by itself with Last-Event-ID.
func (g *Gateway) serveEvents(w http.ResponseWriter, r *http.Request, params map[string]string) {
	ctx := r.Context()
	after, err := lastEvent(r)
	if err != nil {
		g.writeError(ctx, w, r, err)
		return
	}
	leave, err := g.streams.enter(g.limits.address(r))
	if err != nil {
		g.writeError(ctx, w, r, err)
		return
	}
	wake := make(chan struct{}, 1)
	player := identity.FromContext(ctx).Player
	cursor, err := g.live.Follow(ctx, params["game_id"], after, player, wake)
	if err != nil {
		leave()
		g.writeError(ctx, w, r, err)
		return
	}
	signedIn := func(context.Context) error { return nil } // A stranger has no credentials that could end.
	if player != uuid.Nil {
		signedIn = g.signIn.stillGood(w, r)
	}
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // nginx would hold events back.
	watch := func(out *eventStream) {
		defer leave()
		defer cursor.Close()
		if out.write([]byte(": watching\n\n")) == nil {
			g.forward(out, cursor, wake, signedIn)
		}
	}
	if conn := takeConnection(w); conn != nil {
		g.sockets.Go(func() {
			defer func() { _ = conn.Close() }()
			watch(streamOfConnection(conn))
		})
		return
	}
	w.WriteHeader(http.StatusOK)
	watch(streamOfAnswer(w, r))
}

// lastEvent is where to resume: the header that browsers send, or the query's after_sequence.
func lastEvent(r *http.Request) (uint64, error) {
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
	if err != nil || text[0] < '0' { // A sign.
		return 0, errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "%s is %q; send the id of an event", name, text).Field(name, "must be the id of an event")
	}
	return uint64(after), nil
}

// forward writes events until there are no more, the credentials end, the gateway stops, or the client does not take them in
// time.
func (g *Gateway) forward(out *eventStream, cursor *live.Cursor, wake <-chan struct{}, signedIn func(context.Context) error) {
	silence, look := time.NewTicker(keepAlive), time.NewTicker(socket.LookInterval)
	defer silence.Stop()
	defer look.Stop()
	room := make([]*live.Frame, 0, eventBatch)
	texts := make([][]byte, 0, eventBatch+2)
	for {
		frames, end := cursor.Next(room)
		texts = texts[:0]
		for _, frame := range frames {
			texts = append(texts, frame.Event)
		}
		if presence := cursor.Presence(); presence != nil {
			texts = append(texts, presence.Event)
		}
		if end != nil {
			texts = append(texts, ending(end))
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
			clear(frames) // It must not hold what the feed has let go.
			silence.Reset(keepAlive)
			continue
		}
		select {
		case <-wake:
		case <-silence.C:
			if out.write([]byte(": alive\n\n")) != nil {
				return
			}
		case <-look.C:
			if err := signedIn(g.drained); err != nil {
				_ = out.write(ending(err)) // There is nothing to say to a client that is gone.
				return
			}
		case <-out.gone:
			return
		case <-g.drained.Done():
			return
		}
	}
}

// ending is the event that says why no further one comes: google.rpc.Status, as REST has it, or {} where the game is over.
// It has no id, so it changes nothing about where to resume.
func ending(why error) []byte {
	body := []byte("{}")
	if !errors.Is(why, io.EOF) {
		if text, err := canonical.JSON(status.Convert(errs.Mask(why)).Proto()); err == nil {
			body = text
		}
	}
	return append(append([]byte("event: end\ndata: "), body...), "\n\n"...)
}
