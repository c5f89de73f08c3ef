package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/bitcraps/bitcraps/libs/canonical"
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

const (
	// keepAlive is how often a silent stream says that it is alive, so that proxies keep it open.
	keepAlive = 15 * time.Second
	// eventDeadline is how long a client may take to receive one event.
	eventDeadline = 10 * time.Second
)

// serveEvents streams a game's events as server-sent events (WHATWG HTML, section 9.2). The id of each is its sequence,
// so a browser that lost the connection resumes by itself with Last-Event-ID.
func (g *Gateway) serveEvents(w http.ResponseWriter, r *http.Request, params map[string]string) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(g.drained, cancel)()
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
	defer leave()
	stream, err := g.games.WatchGame(ctx, &gamev1.WatchGameRequest{GameId: params["game_id"], AfterSequence: after})
	if err == nil {
		err = accepted(stream)
	}
	if err != nil {
		g.writeError(ctx, w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back.
	w.WriteHeader(http.StatusOK)
	out := &eventWriter{w: w, control: http.NewResponseController(w)}
	if err := out.write(": watching\n\n"); err != nil {
		return
	}
	out.forward(receive(ctx, stream))
}

// accepted waits until the service has taken the call. It answers with a header at once, and with an error otherwise.
func accepted(stream grpc.ServerStreamingClient[gamev1.WatchGameResponse]) error {
	header, err := stream.Header()
	if err == nil && header == nil {
		_, err = stream.Recv()
	}
	return err
}

// lastEvent is where to resume: the header that browsers send, or the query's after_sequence.
func lastEvent(r *http.Request) (int64, error) {
	text := r.Header.Get("Last-Event-ID")
	name := "Last-Event-ID"
	if text == "" {
		text, name = r.URL.Query().Get("after_sequence"), "after_sequence"
	}
	if text == "" {
		return 0, nil
	}
	after, err := strconv.ParseInt(text, 10, 64)
	if err != nil || after < 0 {
		return 0, errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "%s is %q; send the id of an event", name, text).Field(name, "must be the id of an event")
	}
	return after, nil
}

// receive passes a stream's events on until it ends.
func receive(ctx context.Context, stream grpc.ServerStreamingClient[gamev1.WatchGameResponse]) <-chan *gamev1.Event {
	events := make(chan *gamev1.Event)
	go func() {
		defer close(events)
		for {
			resp, err := stream.Recv()
			if err != nil {
				return // The game is over, the service stops, or the client was too slow: it resumes where it was.
			}
			select {
			case events <- resp.GetEvent():
			case <-ctx.Done():
				return
			}
		}
	}()
	return events
}

// eventWriter writes server-sent events.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// forward writes events until there are no more, or until the client does not take one in time.
func (e *eventWriter) forward(events <-chan *gamev1.Event) {
	silence := time.NewTicker(keepAlive)
	defer silence.Stop()
	for {
		text := ": alive\n\n"
		select {
		case event, ok := <-events:
			if !ok {
				return
			}
			body, err := canonical.JSON(event)
			if err != nil {
				return
			}
			text = fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", event.GetSequence(), kind(event), body)
			silence.Reset(keepAlive)
		case <-silence.C:
		}
		if e.write(text) != nil {
			return
		}
	}
}

func (e *eventWriter) write(text string) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(eventDeadline)); err != nil {
		return err
	}
	if _, err := io.WriteString(e.w, text); err != nil {
		return err
	}
	return e.control.Flush()
}

// kind is the name of what happened: the set member of the event's oneof.
func kind(event *gamev1.Event) protoreflect.Name {
	message := event.ProtoReflect()
	if field := message.WhichOneof(message.Descriptor().Oneofs().ByName("detail")); field != nil {
		return field.Name()
	}
	return "event"
}
