// Package live hands a game's events to all who watch it through this process: by one call to the game service for each
// game that somebody watches, and by encoding each event once, however many watch. A watcher is a place in the log; it
// costs no buffer of its own, sees each event once and in order, and resumes behind any of them.
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
	// maxFeeds is how many games a process follows at once.
	maxFeeds = 10_000
	// retryDelay is when a watcher that was cut off should come again.
	retryDelay = time.Second
	// patience is how long watchers wait for a game service that does not answer, before they are told.
	patience = 30 * time.Second
	// firstPause and longestPause are between attempts to reach it.
	firstPause, longestPause = 50 * time.Millisecond, 2 * time.Second
)

// Games is what is needed of the game service.
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

	running sync.WaitGroup
	mu      sync.Mutex // It is taken before a feed's.
	feeds   map[string]*feed
	board   Board // nil where there is nobody to tell.
}

// New returns feeds of no game yet. Board is where processes tell each other who is present; nil tells nobody. The caller
// must Close the feeds.
func New(games Games, board Board, clock clockwork.Clock, scope telemetry.Scope) *Feeds {
	f := &Feeds{games: games, board: board, clock: clock, tracer: scope.Tracer.Tracer("github.com/bitcraps/bitcraps/gateway/internal/live"), feeds: make(map[string]*feed)}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	scope.Metrics.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "bitcraps_live_games", Help: "Games whose events this process follows."},
			func() float64 { games, _ := f.count(); return float64(games) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "bitcraps_live_watchers", Help: "Watchers of games at this process."},
			func() float64 { _, watchers := f.count(); return float64(watchers) }),
	)
	f.running.Go(f.present)
	return f
}

// count is how many games are followed, and how many watchers they have.
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

// Follow begins to watch a game behind a sequence. It asks the game service in the watcher's own name, whoever else watches
// the game here, so that it says who may. Wake, which must have room for one signal, gets one whenever Next may have
// something. The caller must Close the cursor.
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
		to = f.begin(identity.FromContext(ctx), game)
	}
	c := &Cursor{feeds: f, feed: to, caller: identity.FromContext(ctx), player: player, wake: wake, last: after, target: uint64(game.GetSequence())}
	to.mu.Lock()
	defer to.mu.Unlock()
	to.cursors[c] = struct{}{}
	c.signal()
	return c, nil
}

// begin follows a game, from a little in the past: those who come back after a restart find there what they missed. It
// reads in the name of whoever comes first, since nobody but those who were let in sees a private game. Who was let in
// stays so, also when he has gone and others still watch.
func (f *Feeds) begin(caller identity.Caller, game *gamev1.Game) *feed {
	ctx, cancel := context.WithCancel(identity.OnBehalf(f.ctx, caller))
	sequence := uint64(game.GetSequence())
	to := &feed{id: game.GetGameId(), cancel: cancel, base: sequence - min(sequence, keptFrames), cursors: make(map[*Cursor]struct{})}
	to.present.seats = seatsOf(game)
	f.feeds[to.id] = to
	f.running.Go(func() {
		err := f.keep(ctx, to)
		cancel()
		f.mu.Lock()
		defer f.mu.Unlock()
		f.forget(to) // Whoever comes now begins anew.
		to.end(err)
	})
	return to
}

// forget lets go of a feed. The caller holds the lock.
func (f *Feeds) forget(from *feed) {
	if f.feeds[from.id] == from {
		delete(f.feeds, from.id)
	}
}

func (f *Feeds) leave(c *Cursor) {
	if c.past != nil {
		c.past.cancel()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c.feed.mu.Lock()
	delete(c.feed.cursors, c)
	left := len(c.feed.cursors)
	c.feed.mu.Unlock()
	if left == 0 {
		c.feed.cancel()
		f.forget(c.feed)
	}
}

// keep reads a game's events until it is over, nobody watches, or the game service is away for too long.
func (f *Feeds) keep(ctx context.Context, to *feed) error {
	err := f.read(ctx, to.id, to.head(), func(frame *Frame, event *gamev1.Event) bool {
		to.push(frame, event)
		return !frame.last
	})
	switch {
	case to.over():
		return io.EOF
	case errs.Reason(err) == errorsv1.Reason_REASON_GAME_NOT_FOUND: // In whose name it was read may have been deleted; the others come again.
		return interrupted(to.head())
	}
	return err
}

var errStopped = errors.New("live: the reader has what it wanted")

// read hands on the events behind a sequence until take returns false, and fails with errStopped then. Where a stream breaks
// off it begins again behind what it has, until the game service is away for too long.
func (f *Feeds) read(ctx context.Context, id string, after uint64, take func(*Frame, *gamev1.Event) bool) error {
	pause, reached := firstPause, f.clock.Now()
	answered := func() { pause, reached = firstPause, f.clock.Now() }
	for {
		err := f.readStream(ctx, id, after, answered, func(frame *Frame, event *gamev1.Event) bool {
			after = frame.Sequence
			return take(frame, event)
		})
		switch {
		case errors.Is(err, errStopped), !transient(err):
			return err
		case ctx.Err() != nil, f.clock.Since(reached) > patience:
			return interrupted(after)
		}
		f.rest(ctx, pause)
		pause = min(2*pause, longestPause)
	}
}

// rest waits a moment, or until the context ends.
func (f *Feeds) rest(ctx context.Context, d time.Duration) {
	select {
	case <-f.clock.After(d):
	case <-ctx.Done():
	}
}

// readStream is one attempt of read's, which fails otherwise with what the stream ended with. It calls answered at each
// event, and at the end of a stream that was open for a while, on which nothing need have happened: one that breaks off at
// once is no answer.
func (f *Feeds) readStream(ctx context.Context, id string, after uint64, answered func(), take func(*Frame, *gamev1.Event) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // Ends the stream.
	stream, err := f.games.WatchGame(ctx, &gamev1.WatchGameRequest{GameId: id, AfterSequence: int64(after)})
	if err != nil {
		return err
	}
	if _, err := stream.Header(); err != nil { // It comes when the stream is open. Where none does, Recv says why.
		return err
	}
	opened := f.clock.Now()
	defer func() {
		if f.clock.Since(opened) >= longestPause {
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

// transient reports whether another attempt may succeed.
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

func interrupted(last uint64) error {
	return errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the game can't be followed; resume after sequence %d", last).
		With("after_sequence", last).RetryAfter(retryDelay)
}

// Close ends all feeds.
func (f *Feeds) Close() {
	f.cancel()
	f.running.Wait()
}
