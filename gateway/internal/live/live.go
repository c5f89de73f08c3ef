// Package live distributes a game's events to all watchers of this process. It makes one call to the game service for each
// watched game, and encodes each event once, however many watchers there are. A watcher is a position in the log: it needs no buffer
// of its own, receives each event exactly once and in order, and can resume after any of them.
package live

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

const (
	// maxFeeds is the maximum number of games that a process follows at the same time.
	maxFeeds = 10_000
	// retryDelay is the suggested delay before a disconnected watcher reconnects.
	retryDelay = time.Second
	// maxOutage is how long the game service may be unavailable before its watchers are ended.
	maxOutage = 30 * time.Second
	// minBackoff and maxBackoff bound the delay between attempts to reach it.
	minBackoff, maxBackoff = 50 * time.Millisecond, 2 * time.Second
)

// Games is the part of the game service's client that this package uses.
type Games interface {
	GetGame(ctx context.Context, in *gamev1.GetGameRequest, opts ...grpc.CallOption) (*gamev1.GetGameResponse, error)
	WatchGame(ctx context.Context, in *gamev1.WatchGameRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[gamev1.WatchGameResponse], error)
}

// Feeds are the games that this process follows.
type Feeds struct {
	games  Games
	clock  clockwork.Clock
	tracer trace.Tracer
	ctx    context.Context
	cancel context.CancelFunc

	running       sync.WaitGroup
	mu            sync.Mutex // Must be locked before a feed's.
	feeds         map[string]*feed
	presenceStore PresenceStore // nil if presence is not shared with other processes.
}

// New returns Feeds that follow no game yet. The presence store shares presence with other processes; it may be nil. The caller must
// Close the feeds.
func New(games Games, board PresenceStore, clock clockwork.Clock, scope telemetry.Scope) *Feeds {
	f := &Feeds{games: games, presenceStore: board, clock: clock, tracer: scope.Tracer.Tracer("github.com/bitcraps/bitcraps/gateway/internal/live"), feeds: make(map[string]*feed)}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	scope.Metrics.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "bitcraps_live_games", Help: "Games whose events this process follows."},
			func() float64 { games, _ := f.count(); return float64(games) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "bitcraps_live_watchers", Help: "Watchers of games at this process."},
			func() float64 { _, watchers := f.count(); return float64(watchers) }),
	)
	f.running.Go(f.runPresence)
	return f
}

// count returns the number of games followed, and of their watchers.
func (f *Feeds) count() (games, watchers int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, feed := range f.feeds {
		feed.mu.RLock()
		watchers += len(feed.cursors)
		feed.mu.RUnlock()
	}
	return len(f.feeds), watchers
}

// Follow starts to watch a game after a sequence. Even if others already watch the game here, it calls the game service on the
// watcher's behalf, so that the game service decides whether the watcher may. Wake, which must have a buffer of one, receives a signal
// whenever Next may return something. The caller must Close the cursor.
func (f *Feeds) Follow(ctx context.Context, id string, after uint64, player uuid.UUID, wake chan<- struct{}) (*Cursor, error) {
	resp, err := f.games.GetGame(ctx, &gamev1.GetGameRequest{GameId: id})
	if err != nil {
		return nil, err
	}
	game := resp.GetGame()
	if sequence := uint64(game.GetSequence()); after > sequence {
		return nil, errs.New(errorsv1.Reason_REASON_SEQUENCE_AHEAD, "the game has %d events; there is none after %d", sequence, after).
			Field("after_sequence", "must not be beyond the log's end")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	to := f.feeds[game.GetGameId()]
	if to == nil {
		if len(f.feeds) >= maxFeeds {
			return nil, errs.New(errorsv1.Reason_REASON_OVERLOADED, "%d games are watched here already", maxFeeds).RetryAfter(retryDelay)
		}
		to = f.startFeed(identity.FromContext(ctx), game)
	}
	c := &Cursor{feeds: f, feed: to, caller: identity.FromContext(ctx), player: player, wake: wake, last: after, target: uint64(game.GetSequence())}
	to.mu.Lock()
	defer to.mu.Unlock()
	to.cursors[c] = struct{}{}
	c.signal()
	return c, nil
}

// startFeed starts to follow a game, from up to keptFrames events in the past, so that watchers that reconnect after a restart find the
// events that they missed. It reads on behalf of the first watcher, since only admitted players see a private game. A player stays
// admitted, so the feed continues when the first watcher has left and others still watch.
func (f *Feeds) startFeed(caller identity.Caller, game *gamev1.Game) *feed {
	ctx, cancel := context.WithCancel(identity.OnBehalfOf(f.ctx, caller))
	sequence := uint64(game.GetSequence())
	started := &feed{id: game.GetGameId(), cancel: cancel, base: sequence - min(sequence, keptFrames), cursors: make(map[*Cursor]struct{})}
	started.presence.seats = seatsOf(game)
	f.feeds[started.id] = started
	f.running.Go(func() {
		err := f.run(ctx, started)
		cancel()
		f.mu.Lock()
		defer f.mu.Unlock()
		f.remove(started) // The next watcher starts a new feed.
		started.end(err)
	})
	return started
}

// remove removes a feed. The caller must hold the lock.
func (f *Feeds) remove(from *feed) {
	if f.feeds[from.id] == from {
		delete(f.feeds, from.id)
	}
}

func (f *Feeds) detach(c *Cursor) {
	if c.reader != nil {
		c.reader.cancel()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c.feed.mu.Lock()
	delete(c.feed.cursors, c)
	remaining := len(c.feed.cursors)
	c.feed.mu.Unlock()
	if remaining == 0 {
		c.feed.cancel()
		f.remove(c.feed)
	}
}

// run reads a game's events until the game is over, nobody watches it, or the game service is unavailable for too long.
func (f *Feeds) run(ctx context.Context, to *feed) error {
	err := f.read(ctx, to.id, to.head(), func(frame *Frame, event *gamev1.Event) bool {
		to.push(frame, event)
		return !frame.last
	})
	switch {
	case to.isOver():
		return io.EOF
	case errs.Reason(err) == errorsv1.Reason_REASON_GAME_NOT_FOUND: // The player on whose behalf it was read may have been deleted; the others reconnect.
		return interruptedError(to.head())
	}
	return err
}

var errStopped = errors.New("live: stopped by the reader")

// read passes the events after a sequence to take until take returns false, upon which it returns errStopped. If a stream breaks, it
// opens another one after the last event, until the game service is unavailable for too long.
func (f *Feeds) read(ctx context.Context, id string, after uint64, take func(*Frame, *gamev1.Event) bool) error {
	backoff, reached := minBackoff, f.clock.Now()
	answered := func() { backoff, reached = minBackoff, f.clock.Now() }
	for {
		err := f.readStream(ctx, id, after, answered, func(frame *Frame, event *gamev1.Event) bool {
			after = frame.Sequence
			return take(frame, event)
		})
		switch {
		case errors.Is(err, errStopped), !transient(err):
			return err
		case ctx.Err() != nil, f.clock.Since(reached) > maxOutage:
			return interruptedError(after)
		}
		f.sleep(ctx, backoff)
		backoff = min(2*backoff, maxBackoff)
	}
}

// sleep waits for a duration, or until the context ends.
func (f *Feeds) sleep(ctx context.Context, d time.Duration) {
	select {
	case <-f.clock.After(d):
	case <-ctx.Done():
	}
}

// readStream is one attempt of read. It returns the error with which the stream ended. It calls answered for each event, and at the
// end of a stream that was open for at least maxBackoff, even if it had no event. A stream that breaks at once does not count as an
// answer.
func (f *Feeds) readStream(ctx context.Context, id string, after uint64, answered func(), take func(*Frame, *gamev1.Event) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // Ends the stream.
	stream, err := f.games.WatchGame(ctx, &gamev1.WatchGameRequest{GameId: id, AfterSequence: int64(after)})
	if err != nil {
		return err
	}
	if _, err := stream.Header(); err != nil { // Received when the stream is open. If the stream fails before, Recv returns the error.
		return err
	}
	opened := f.clock.Now()
	defer func() {
		if f.clock.Since(opened) >= maxBackoff {
			answered()
		}
	}()
	for {
		resp, err := stream.Recv()
		if err != nil {
			return err
		}
		frame, err := f.encode(resp)
		if err != nil {
			return err
		}
		if frame.Sequence != after+1 {
			return errors.New("live: the stream has a gap")
		}
		answered()
		after = frame.Sequence
		if !take(frame, resp.GetEvent()) {
			return errStopped
		}
	}
}

// transient reports whether a retry may succeed.
func transient(err error) bool {
	if errors.Is(err, io.EOF) {
		return true
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Aborted, codes.Internal, codes.Unknown, codes.Canceled:
		return true
	}
	return false
}

func interruptedError(last uint64) error {
	return errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the game can't be followed; resume after sequence %d", last).
		WithMetadata("after_sequence", last).RetryAfter(retryDelay)
}

// Close ends all feeds.
func (f *Feeds) Close() {
	f.cancel()
	f.running.Wait()
}
