package live

import (
	"context"
	"io"
	"sync"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

const (
	// keptFrames and keptBytes are what a feed keeps of a game's latest events. Whoever is further behind reads the store.
	keptFrames = 256
	keptBytes  = 256 << 10
)

// feed is one game as this process follows it.
type feed struct {
	id     string
	cancel context.CancelFunc

	mu      sync.RWMutex
	base    uint64 // The sequence before the first frame that is kept.
	frames  []*Frame
	bytes   int
	ended   error // Why nothing follows, io.EOF where the game is over; nil while it goes on.
	cursors map[*Cursor]struct{}
	present presence
}

// head is the sequence of the latest event that arrived.
func (f *feed) head() uint64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.base + uint64(len(f.frames))
}

// oldest is the sequence behind which everything that arrived is kept.
func (f *feed) oldest() uint64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.base
}

// push keeps a frame, which must be the next one, and wakes all who watch.
func (f *feed) push(frame *Frame, event *gamev1.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.present.follow(event)
	if erased := event.GetChatErased(); erased != nil {
		f.erase(erased.GetPlayerId())
	}
	f.frames = append(f.frames, frame)
	f.bytes += frame.size()
	for len(f.frames) > 1 && (len(f.frames) > keptFrames || f.bytes > keptBytes) {
		f.bytes -= f.frames[0].size()
		f.frames[0] = nil // The array behind the slice would hold it.
		f.frames = f.frames[1:]
		f.base++
	}
	if frame.last {
		f.ended = io.EOF
	}
	f.wake()
}

// erase takes what a deleted player said out of what is kept, as the store has: nobody who comes now is to get it.
func (f *feed) erase(player string) {
	for i, frame := range f.frames {
		if frame.erased != nil && frame.speaker == player {
			f.bytes -= frame.size() - frame.erased.size()
			f.frames[i] = frame.erased
		}
	}
}

// end says why nothing follows.
func (f *feed) end(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended == nil {
		f.ended = err
	}
	f.wake()
}

// over reports whether the last event arrived.
func (f *feed) over() bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.ended != nil
}

// wake never waits: who is awake already looks again before it sleeps.
func (f *feed) wake() {
	for cursor := range f.cursors {
		cursor.signal()
	}
}
