package live

import (
	"context"
	"io"
	"sync"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

const (
	// keptFrames and keptBytes bound how many of a game's latest events a feed keeps. Watchers that are further behind read the store.
	keptFrames = 256
	keptBytes  = 256 << 10
)

// feed holds a game's latest events for all who watch the game through this process.
type feed struct {
	id     string
	cancel context.CancelFunc

	mu       sync.RWMutex
	base     uint64 // The sequence before the first frame kept.
	frames   []*Frame
	bytes    int
	ended    error // Why no further event follows, io.EOF if the game is over; nil until then.
	cursors  map[*Cursor]struct{}
	presence presenceState
}

// head returns the sequence of the latest event received.
func (f *feed) head() uint64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.base + uint64(len(f.frames))
}

// oldest returns the sequence after which all events received are kept.
func (f *feed) oldest() uint64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.base
}

// push appends a frame, which must be the next one, and wakes all watchers.
func (f *feed) push(frame *Frame, event *gamev1.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.presence.apply(event)
	if erased := event.GetChatErased(); erased != nil {
		f.erase(erased.GetPlayerId())
	}
	f.frames = append(f.frames, frame)
	f.bytes += frame.size()
	for len(f.frames) > 1 && (len(f.frames) > keptFrames || f.bytes > keptBytes) {
		f.bytes -= f.frames[0].size()
		f.frames[0] = nil // Otherwise the slice's array keeps it alive.
		f.frames = f.frames[1:]
		f.base++
	}
	if frame.last {
		f.ended = io.EOF
	}
	f.wake()
}

// erase removes a deleted player's chat messages from the frames kept, as the store has done: later watchers must not get them.
func (f *feed) erase(player string) {
	for i, frame := range f.frames {
		if frame.erased != nil && frame.author == player {
			f.bytes -= frame.size() - frame.erased.size()
			f.frames[i] = frame.erased
		}
	}
}

// end records why no further event follows, and wakes all watchers.
func (f *feed) end(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended == nil {
		f.ended = err
	}
	f.wake()
}

// isOver reports whether the feed has ended.
func (f *feed) isOver() bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.ended != nil
}

// wake wakes all watchers and never blocks: a watcher that is already awake checks for events again before it waits.
func (f *feed) wake() {
	for cursor := range f.cursors {
		cursor.signal()
	}
}
