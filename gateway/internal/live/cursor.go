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

// readAheadFrames is how many past events are read from the store ahead of a watcher.
const readAheadFrames = 16

// Cursor is one watcher's position in a game's log. It must not be used by several goroutines at the same time.
type Cursor struct {
	feeds  *Feeds
	feed   *feed
	caller identity.Caller // On whose behalf past events are read.
	player uuid.UUID       // uuid.Nil if anonymous.
	wake   chan<- struct{}
	last   uint64       // The sequence of the last event returned.
	target uint64       // The game's sequence when the watcher started.
	reader *storeReader // Reads past events from the store; nil once the watcher has caught up with the feed.
	closed sync.Once

	presenceVersion uint64 // The version of the last presence returned.
}

// Game returns the game's id.
func (c *Cursor) Game() string { return c.feed.id }

// Last returns the sequence after which the watcher resumes.
func (c *Cursor) Last() uint64 { return c.last }

// Next appends the following events to frames, up to their capacity. If it returns fewer, no more are available yet, and the cursor
// signals when there are. It returns io.EOF together with the game's last event, and an error if the watcher was too slow.
func (c *Cursor) Next(frames []*Frame) ([]*Frame, error) {
	frames, caughtUp, err := c.nextFromStore(frames)
	if err != nil || !caughtUp {
		return frames, err
	}
	c.feed.mu.RLock()
	defer c.feed.mu.RUnlock()
	if c.last < c.feed.base {
		if c.last >= c.target { // It had caught up, and then did not keep up.
			return frames, slowReaderError(c.last)
		}
		if c.feed.ended != nil && !errors.Is(c.feed.ended, io.EOF) {
			return frames, interruptedError(c.last)
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

// Presence returns the current presence message if it differs from the last one returned, and nil otherwise.
func (c *Cursor) Presence() *Frame {
	c.feed.mu.RLock()
	defer c.feed.mu.RUnlock()
	if c.presenceVersion == c.feed.presence.version {
		return nil
	}
	c.presenceVersion = c.feed.presence.version
	return c.feed.presence.message
}

// nextFromStore appends the past events read so far, and reports whether the reader has finished.
func (c *Cursor) nextFromStore(frames []*Frame) ([]*Frame, bool, error) {
	for c.reader != nil && len(frames) < cap(frames) {
		select {
		case frame, ok := <-c.reader.frames:
			if !ok {
				err := c.reader.err
				c.reader = nil
				return frames, err == nil, err
			}
			frames, c.last = append(frames, frame), frame.Sequence
		default:
			return frames, false, nil
		}
	}
	return frames, c.reader == nil, nil
}

// signal wakes the watcher. Signals that it has not received yet are merged into one.
func (c *Cursor) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Close stops watching. It may be called more than once.
func (c *Cursor) Close() { c.closed.Do(func() { c.feeds.detach(c) }) }

// slowReaderError ends a watcher that did not keep up, since others must not wait for it.
func slowReaderError(last uint64) error {
	return errs.New(errorsv1.Reason_REASON_SLOW_READER, "you read too slowly; resume after sequence %d", last).
		WithMetadata("after_sequence", last).RetryAfter(retryDelay)
}

// storeReader reads past events from the store for one watcher.
type storeReader struct {
	frames chan *Frame
	err    error // Set before frames is closed.
	cancel context.CancelFunc
}

// catchUp starts to read the store from the watcher's last event up to the oldest event that the feed keeps.
func (c *Cursor) catchUp() {
	ctx, cancel := context.WithCancel(identity.OnBehalfOf(c.feeds.ctx, c.caller))
	reader := &storeReader{frames: make(chan *Frame, readAheadFrames), cancel: cancel}
	c.reader = reader
	last := c.last
	c.feeds.running.Go(func() {
		defer cancel()
		err := c.feeds.read(ctx, c.feed.id, last, func(frame *Frame, _ *gamev1.Event) bool {
			select {
			case reader.frames <- frame:
				c.signal()
				return frame.Sequence < c.feed.oldest()
			case <-ctx.Done():
				return false
			}
		})
		if !errors.Is(err, errStopped) {
			reader.err = err
		}
		close(reader.frames)
		c.signal()
	})
}
