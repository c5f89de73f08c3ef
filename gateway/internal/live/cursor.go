package live

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// pastFrames is how many events of the past are read ahead of a watcher.
const pastFrames = 16

// Cursor is one watcher's place in a game's log. One goroutine may use it at a time.
type Cursor struct {
	feeds  *Feeds
	feed   *feed
	caller identity.Caller // In whose name the past is read.
	player uuid.UUID       // uuid.Nil for a stranger.
	wake   chan<- struct{}
	last   uint64 // The sequence of the event that was taken last.
	target uint64 // The sequence that the game had when the watcher came.
	past   *past  // What it reads the store by, until then.
	closed sync.Once

	seen uint64 // The presence that was taken last.
}

// Game is the game's id.
func (c *Cursor) Game() string { return c.feed.id }

// Last is the sequence behind which the watcher resumes.
func (c *Cursor) Last() uint64 { return c.last }

// Next appends to frames what follows, up to their capacity. Fewer are all there is by now; a signal comes when there is
// more. It fails with io.EOF at the game's last event, which is among the frames then, and where the watcher was too slow.
func (c *Cursor) Next(frames []*Frame) ([]*Frame, error) {
	frames, caughtUp, err := c.fromStore(frames)
	if err != nil || !caughtUp {
		return frames, err
	}
	c.feed.mu.RLock()
	defer c.feed.mu.RUnlock()
	if c.last < c.feed.base {
		if c.last >= c.target { // It had all there was, and then did not keep up.
			return frames, slow(c.last)
		}
		if c.feed.ended != nil && !errors.Is(c.feed.ended, io.EOF) {
			return frames, interrupted(c.last)
		}
		c.catchUp()
		return frames, nil
	}
	for _, frame := range c.feed.frames[min(c.last-c.feed.base, uint64(len(c.feed.frames))):] {
		if len(frames) == cap(frames) {
			return frames, nil
		}
		frames, c.last = append(frames, frame), frame.Sequence
	}
	return frames, c.feed.ended
}

// Presence is the message that says who is there, where it is not the one that was taken last, and nil otherwise.
func (c *Cursor) Presence() *Frame {
	c.feed.mu.RLock()
	defer c.feed.mu.RUnlock()
	if c.seen == c.feed.present.version {
		return nil
	}
	c.seen = c.feed.present.version
	return c.feed.present.message
}

// fromStore takes what was read of the past, and reports whether that is all.
func (c *Cursor) fromStore(frames []*Frame) ([]*Frame, bool, error) {
	for c.past != nil && len(frames) < cap(frames) {
		select {
		case frame, ok := <-c.past.frames:
			if !ok {
				err := c.past.err
				c.past = nil
				return frames, err == nil, err
			}
			frames, c.last = append(frames, frame), frame.Sequence
		default:
			return frames, false, nil
		}
	}
	return frames, c.past == nil, nil
}

// signal wakes the watcher, once for any number of reasons.
func (c *Cursor) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Close ends the watch. It may be called more than once.
func (c *Cursor) Close() { c.closed.Do(func() { c.feeds.leave(c) }) }

// slow is the end of a watcher that others must not wait for.
func slow(last uint64) error {
	return errs.New(errorsv1.Reason_REASON_SLOW_READER, "you read too slowly; resume after sequence %d", last).
		With("after_sequence", last).RetryAfter(retryDelay)
}

// past is a watcher's own reading of the store.
type past struct {
	frames chan *Frame
	err    error // Set before frames is closed.
	cancel context.CancelFunc
}

// catchUp begins to read the store behind the last event, up to what the feed keeps.
func (c *Cursor) catchUp() {
	ctx, cancel := context.WithCancel(identity.OnBehalf(c.feeds.ctx, c.caller))
	p := &past{frames: make(chan *Frame, pastFrames), cancel: cancel}
	c.past = p
	last := c.last
	c.feeds.running.Go(func() {
		defer cancel()
		err := c.feeds.read(ctx, c.feed.id, last, func(frame *Frame, _ *gamev1.Event) bool {
			select {
			case p.frames <- frame:
				c.signal()
				return frame.Sequence < c.feed.oldest()
			case <-ctx.Done():
				return false
			}
		})
		if !errors.Is(err, errStopped) {
			p.err = err
		}
		close(p.frames)
		c.signal()
	})
}
