package live

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// presenceInterval is how often changes of presence are sent to watchers.
const presenceInterval = 2 * time.Second

// Presence describes who watches a game at one process.
type Presence struct {
	// Watching is the number of watchers.
	Watching int `json:"watching"`
	// Seated are the ids of the watching players who have a seat. Other watchers are not named.
	Seated []string `json:"seated,omitempty"`
}

// PresenceStore shares presence between processes.
type PresenceStore interface {
	// Exchange publishes the presence at this process, for every game watched here, and returns the presence at all other
	// processes, which is empty while the store is unavailable.
	Exchange(ctx context.Context, local map[string]Presence) (remote map[string]Presence)
}

// presenceState is a game's seats and its latest presence message.
type presenceState struct {
	seats   map[string]int32 // By player.
	version uint64           // 0 until there is a message.
	message *Frame           // Without a sequence, since it is not an event of the log.
}

func seatsOf(game *gamev1.Game) map[string]int32 {
	seats := make(map[string]int32)
	for _, seat := range game.GetSeats() {
		seats[seat.GetPlayerId()] = seat.GetSeat()
	}
	return seats
}

// apply updates the seats by an event. A feed starts with events older than the game state from which it took the seats, so its first
// events may already be reflected in them; once it has caught up, the seats are right.
func (p *presenceState) apply(event *gamev1.Event) {
	if joined := event.GetPlayerJoined(); joined != nil {
		p.seats[joined.GetPlayerId()] = joined.GetSeat()
	}
	if left := event.GetPlayerLeft(); left != nil {
		delete(p.seats, left.GetPlayerId())
	}
}

// seatMessage is a seat in a presence message.
type seatMessage struct {
	Seat     int32  `json:"seat"`
	PlayerID string `json:"player_id"`
	Online   bool   `json:"online"`
}

// presenceMessage is the message sent to watchers.
type presenceMessage struct {
	Type     string        `json:"type"`
	GameID   string        `json:"game_id"`
	Watching int           `json:"watching"`
	Seats    []seatMessage `json:"seats"`
}

// localPresence returns who watches the game at this process.
func (f *feed) localPresence() Presence {
	f.mu.RLock()
	defer f.mu.RUnlock()
	seated := make(map[string]bool)
	for cursor := range f.cursors {
		if cursor.player == uuid.Nil {
			continue
		}
		if id := cursor.player.String(); !seated[id] {
			if _, sits := f.presence.seats[id]; sits {
				seated[id] = true
			}
		}
	}
	return Presence{Watching: len(f.cursors), Seated: slices.Sorted(maps.Keys(seated))}
}

// updatePresence updates the presence message, and wakes the watchers if it has changed.
func (f *feed) updatePresence(local, remote Presence) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	message := presenceMessage{Type: "presence", GameID: f.id, Watching: local.Watching + remote.Watching, Seats: []seatMessage{}}
	for id, seat := range f.presence.seats {
		online := slices.Contains(local.Seated, id) || slices.Contains(remote.Seated, id)
		message.Seats = append(message.Seats, seatMessage{Seat: seat, PlayerID: id, Online: online})
	}
	slices.SortFunc(message.Seats, func(a, b seatMessage) int { return cmp.Compare(a.Seat, b.Seat) })
	text, err := json.Marshal(message)
	if err != nil || f.presence.message != nil && bytes.Equal(text, f.presence.message.Message) {
		return err
	}
	f.presence.message = &Frame{Event: fmt.Appendf(nil, "event: presence\ndata: %s\n\n", text), Message: text}
	f.presence.version++
	f.wake()
	return nil
}

// runPresence updates presence periodically until the feeds are closed.
func (f *Feeds) runPresence() {
	tick := f.clock.NewTicker(presenceInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.Chan():
			f.exchangePresence()
		case <-f.ctx.Done():
			return
		}
	}
}

func (f *Feeds) exchangePresence() {
	f.mu.Lock()
	feeds := slices.Collect(maps.Values(f.feeds))
	f.mu.Unlock()
	local, remote := make(map[string]Presence, len(feeds)), map[string]Presence{}
	for _, feed := range feeds {
		local[feed.id] = feed.localPresence()
	}
	if f.presenceStore != nil {
		remote = f.presenceStore.Exchange(f.ctx, local)
	}
	for _, feed := range feeds {
		_ = feed.updatePresence(local[feed.id], remote[feed.id]) // Encoding numbers and ids can't fail.
	}
}
