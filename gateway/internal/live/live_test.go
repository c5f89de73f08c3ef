package live_test

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/gateway/internal/live"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testserver.Suite{M: m}) }

const gameID = "01890000-0000-7000-8000-000000000001"

// fakeGames is a game service with one game. Tests can break its streams, as a crashing replica does.
type fakeGames struct {
	mu      sync.Mutex
	log     []*gamev1.Event
	changed chan struct{} // Closed at each change.
	epoch   int           // Streams of earlier epochs are broken.
	down    bool
	opened  int
}

func newFakeGames() *fakeGames { return &fakeGames{changed: make(chan struct{})} }

func (t *fakeGames) change(how func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	how()
	close(t.changed)
	t.changed = make(chan struct{})
}

// appendEvents appends n events, the last of which may close the game.
func (t *fakeGames) appendEvents(n int, closed bool) {
	t.change(func() {
		for i := range n {
			event := &gamev1.Event{GameId: gameID, Sequence: int64(len(t.log) + 1), Detail: &gamev1.Event_PlayerJoined{
				PlayerJoined: &gamev1.PlayerJoined{PlayerId: "p" + strconv.Itoa(len(t.log)), Seat: int32(len(t.log))}}}
			if closed && i == n-1 {
				event.Detail = &gamev1.Event_GameClosed{GameClosed: &gamev1.GameClosed{}}
			}
			t.log = append(t.log, event)
		}
	})
}

// streams returns how many streams have been opened.
func (t *fakeGames) streams() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.opened
}

// breakStreams breaks every open stream.
func (t *fakeGames) breakStreams() { t.change(func() { t.epoch++ }) }

func (t *fakeGames) GetGame(_ context.Context, in *gamev1.GetGameRequest, _ ...grpc.CallOption) (*gamev1.GetGameResponse, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !strings.EqualFold(in.GetGameId(), gameID) {
		return nil, errs.New(errorsv1.Reason_REASON_GAME_NOT_FOUND, "no such game").GRPCStatus().Err()
	}
	return &gamev1.GetGameResponse{Game: &gamev1.Game{GameId: gameID, Sequence: int64(len(t.log))}}, nil
}

func (t *fakeGames) WatchGame(ctx context.Context, in *gamev1.WatchGameRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[gamev1.WatchGameResponse], error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.opened++
	return &stream{ctx: ctx, table: t, last: int(in.GetAfterSequence()), epoch: t.epoch}, nil
}

type stream struct {
	grpc.ClientStream
	ctx         context.Context
	table       *fakeGames
	last, epoch int
}

// Header returns at once, as for a stream that is open.
func (s *stream) Header() (metadata.MD, error) { return nil, nil }

func (s *stream) Recv() (*gamev1.WatchGameResponse, error) {
	for {
		s.table.mu.Lock()
		broken, changed := s.epoch != s.table.epoch || s.table.down, s.table.changed
		var next *gamev1.Event
		if s.last < len(s.table.log) {
			next = s.table.log[s.last]
		}
		s.table.mu.Unlock()
		switch {
		case broken:
			return nil, status.Error(codes.Unavailable, "the replica died")
		case next != nil:
			s.last++
			return &gamev1.WatchGameResponse{Event: next}, nil
		}
		select {
		case <-changed:
		case <-s.ctx.Done():
			return nil, status.FromContextError(s.ctx.Err()).Err()
		}
	}
}

func newFeeds(t interface{ Cleanup(func()) }, games live.Games, clock clockwork.Clock) *live.Feeds {
	feeds := live.New(games, nil, clock, telemetry.Discard().For("test", 0))
	t.Cleanup(feeds.Close)
	return feeds
}

// watcher watches a game as a client's stream does.
type watcher struct {
	*live.Cursor
	t    testing.TB
	wake chan struct{}
}

func follow(t testing.TB, feeds *live.Feeds, after uint64) *watcher {
	t.Helper()
	w := &watcher{t: t, wake: make(chan struct{}, 1)}
	var err error
	if w.Cursor, err = feeds.Follow(t.Context(), gameID, after, uuid.Nil, w.wake); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// take returns at least one frame or the end, and fails the test if there is neither within a minute.
func (w *watcher) take(most int) ([]*live.Frame, error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		before := w.Last()
		frames, err := w.Next(make([]*live.Frame, 0, most))
		for _, frame := range frames {
			if before++; frame.Sequence != before {
				w.t.Fatalf("got event %d, want %d", frame.Sequence, before)
			}
		}
		if len(frames) > 0 || err != nil {
			return frames, err
		}
		select {
		case <-w.wake:
		case <-ctx.Done():
			w.t.Fatalf("nothing follows event %d", w.Last())
		}
	}
}

func (w *watcher) reach(sequence uint64) {
	w.t.Helper()
	for w.Last() < sequence {
		if _, err := w.take(7); err != nil && w.Last() < sequence {
			w.t.Fatalf("at event %d of %d: %v", w.Last(), sequence, err)
		}
	}
}

func TestWatchersShareOneStreamAndItsFrames(t *testing.T) {
	games := newFakeGames()
	games.appendEvents(10, false)
	feeds := newFeeds(t, games, clockwork.NewRealClock())
	a, b := follow(t, feeds, 0), follow(t, feeds, 8)
	a.reach(10)
	b.reach(10)
	games.appendEvents(1, false)
	one, _ := a.take(1)
	other, _ := b.take(1)
	if games.opened != 1 || one[0] != other[0] {
		t.Errorf("%d streams, frames %p and %p", games.opened, one[0], other[0])
	}
	if text := string(one[0].Event); !strings.HasPrefix(text, "id: 11\nevent: player_joined\ndata: {\"game_id\":") || !strings.HasSuffix(text, "\n\n") {
		t.Errorf("%q", text)
	}
}

// TestResumingFromAnySequence checks that watchers that start anywhere receive every event exactly once, whatever happens to streams.
func TestResumingFromAnySequence(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		games := newFakeGames()
		games.appendEvents(rapid.IntRange(1, 1500).Draw(rt, "past"), false)
		feeds := live.New(games, nil, clockwork.NewRealClock(), telemetry.Discard().For("test", 0))
		defer feeds.Close()
		var watchers []*watcher
		for range rapid.IntRange(1, 3).Draw(rt, "watchers") {
			w := follow(t, feeds, uint64(rapid.IntRange(0, len(games.log)).Draw(rt, "after")))
			defer w.Close()
			watchers = append(watchers, w)
		}
		for range rapid.IntRange(0, 4).Draw(rt, "steps") {
			games.appendEvents(rapid.IntRange(1, 100).Draw(rt, "events"), false)
			if rapid.Bool().Draw(rt, "break") {
				games.breakStreams()
			}
			for _, w := range watchers {
				w.reach(uint64(len(games.log)))
			}
		}
		games.appendEvents(1, true)
		for _, w := range watchers {
			w.reach(uint64(len(games.log)))
			if _, err := w.take(1); !errors.Is(err, io.EOF) {
				rt.Fatalf("after the last event: %v", err)
			}
		}
	})
}

func TestOnlySlowWatcherIsDisconnected(t *testing.T) {
	games := newFakeGames()
	feeds := newFeeds(t, games, clockwork.NewRealClock())
	games.appendEvents(1, false)
	slow, quick := follow(t, feeds, 0), follow(t, feeds, 0)
	slow.reach(1)
	for i := range 10 {
		games.appendEvents(100, false)
		quick.reach(uint64(1 + 100*(i+1)))
	}
	_, err := slow.take(10)
	st := status.Convert(errs.Mask(err))
	if errs.Reason(err) != errorsv1.Reason_REASON_SLOW_READER || !strings.Contains(st.Proto().String(), `key:"after_sequence" value:"1"`) && !strings.Contains(st.Message(), "after sequence 1") {
		t.Errorf("the slow watcher: %v", err)
	}
	again := follow(t, feeds, slow.Last())
	again.reach(1001)
}

func TestWatchingClosedGameEndsAtOnce(t *testing.T) {
	games := newFakeGames()
	games.appendEvents(5, true)
	w := follow(t, newFeeds(t, games, clockwork.NewRealClock()), 5)
	if _, err := w.take(1); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// TestLastEventIsDeliveredWithTheEnd ends a feed before its watcher calls Next, so that one signal covers both.
func TestLastEventIsDeliveredWithTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		games := newFakeGames()
		games.appendEvents(5, true)
		w := follow(t, newFeeds(t, games, clockwork.NewRealClock()), 0)
		synctest.Wait()
		if frames, err := w.Next(make([]*live.Frame, 0, 7)); len(frames) != 5 || !errors.Is(err, io.EOF) {
			t.Errorf("%d events and %v", len(frames), err)
		}
	})
}

func TestWatchersAreRefused(t *testing.T) {
	games := newFakeGames()
	games.appendEvents(5, false)
	feeds := newFeeds(t, games, clockwork.NewRealClock())
	for id, want := range map[string]errorsv1.Reason{gameID: errorsv1.Reason_REASON_SEQUENCE_AHEAD, "x": errorsv1.Reason_REASON_GAME_NOT_FOUND} {
		if _, err := feeds.Follow(t.Context(), id, 6, uuid.Nil, nil); errs.Reason(err) != want {
			t.Errorf("%s: %v", id, err)
		}
	}
	if games.opened != 0 {
		t.Error("a stream was opened for nobody")
	}
}

// TestWatchersEndAfterLongOutage makes the game service unavailable for longer than maxOutage.
func TestWatchersEndAfterLongOutage(t *testing.T) {
	games, clock := newFakeGames(), clockwork.NewFakeClock()
	games.appendEvents(5, false)
	w := follow(t, newFeeds(t, games, clock), 0)
	w.reach(5)
	games.change(func() { games.down = true })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := w.Next(make([]*live.Frame, 0, 1)); err != nil {
			if errs.Reason(err) != errorsv1.Reason_REASON_UNAVAILABLE {
				t.Error(err)
			}
			return
		}
		clock.Advance(time.Second)
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("the watcher is still waiting")
		}
	}
}

// TestIdleGameIsNotAnOutage has no event for longer than maxOutage before the stream breaks.
func TestIdleGameIsNotAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		games := newFakeGames()
		games.appendEvents(5, false)
		w := follow(t, newFeeds(t, games, clockwork.NewRealClock()), 0)
		w.reach(5)
		for range 3 {
			time.Sleep(time.Hour)
			games.breakStreams()
		}
		games.appendEvents(1, false)
		w.reach(6)
	})
}

// TestStreamsThatFailAtOnceAreAnOutage checks that attempts to reach a service that opens streams and breaks them at once back off,
// and that its watchers end after maxOutage.
func TestStreamsThatFailAtOnceAreAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		games := newFakeGames()
		games.appendEvents(5, false)
		w := follow(t, newFeeds(t, games, clockwork.NewRealClock()), 5)
		synctest.Wait()
		games.change(func() { games.down = true })
		before, since := games.streams(), time.Now()
		if _, err := w.take(1); errs.Reason(err) != errorsv1.Reason_REASON_UNAVAILABLE {
			t.Error(err)
		}
		if waited := time.Since(since); waited > 35*time.Second || games.streams()-before > 25 {
			t.Errorf("%d streams in %s", games.streams()-before, waited)
		}
	})
}

// TestStoreReadersEndAfterLongOutage makes the game service unavailable while a watcher is far behind. If the game is over, its feed
// has ended already, so only the watcher's own reader can detect the outage.
func TestStoreReadersEndAfterLongOutage(t *testing.T) {
	for _, closed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			games := newFakeGames()
			games.appendEvents(1500, closed)
			w := follow(t, newFeeds(t, games, clockwork.NewRealClock()), 0)
			w.reach(10)
			synctest.Wait()
			games.change(func() { games.down = true })
			before, since := games.streams(), time.Now()
			var err error
			for err == nil {
				_, err = w.take(8)
			}
			if errs.Reason(err) != errorsv1.Reason_REASON_UNAVAILABLE || !strings.Contains(err.Error(), "after sequence "+strconv.FormatUint(w.Last(), 10)) {
				t.Errorf("at event %d: %v", w.Last(), err)
			}
			if waited := time.Since(since); waited > 35*time.Second || games.streams()-before > 50 {
				t.Errorf("%d streams in %s", games.streams()-before, waited)
			}
		})
	}
}
