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

// presenceInterval is how often watchers are told who is there, where that has changed.
const presenceInterval = 2 * time.Second

// Present is who watches a game at one process.
type Present struct {
	// Watching is how many.
	Watching int `json:"watching"`
	// Seated are those of them who sit at the table. Nobody else is named.
	Seated []string `json:"seated,omitempty"`
}

// Board is where processes tell each other who is present.
type Board interface {
	// Exchange says who is present at this process, for every game that somebody watches here, and returns who is at the
	// others. Where the board is away that is nobody.
	Exchange(ctx context.Context, here map[string]Present) (elsewhere map[string]Present)
}

// presence is who is at a game.
type presence struct {
	seats   map[string]int32 // The seat of each player who sits.
	version uint64           // 0 until there is a message.
	message *Frame           // It has no sequence: it is no event of the log.
}

func seatsOf(game *gamev1.Game) map[string]int32 {
	seats := make(map[string]int32)
	for _, seat := range game.GetSeats() {
		seats[seat.GetPlayerId()] = seat.GetSeat()
	}
	return seats
}

// follow notes who sits down and stands up. A feed begins in the past of the game that it took the seats from, so what it
// sees first may have been true already; at its end it has them right.
func (p *presence) follow(event *gamev1.Event) {
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

// presenceMessage is what watchers are told.
type presenceMessage struct {
	Type     string        `json:"type"`
	GameID   string        `json:"game_id"`
	Watching int           `json:"watching"`
	Seats    []seatMessage `json:"seats"`
}

// here is who watches the game at this process.
func (f *feed) here() Present {
	f.mu.RLock()
	defer f.mu.RUnlock()
	seated := make(map[string]bool)
	for cursor := range f.cursors {
		if cursor.player == uuid.Nil {
			continue
		}
		if id := cursor.player.String(); !seated[id] {
			if _, sits := f.present.seats[id]; sits {
				seated[id] = true
			}
		}
	}
	return Present{Watching: len(f.cursors), Seated: slices.Sorted(maps.Keys(seated))}
}

// tell wakes the watchers where who is there has changed.
func (f *feed) tell(here, elsewhere Present) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	message := presenceMessage{Type: "presence", GameID: f.id, Watching: here.Watching + elsewhere.Watching, Seats: []seatMessage{}}
	for id, seat := range f.present.seats {
		online := slices.Contains(here.Seated, id) || slices.Contains(elsewhere.Seated, id)
		message.Seats = append(message.Seats, seatMessage{Seat: seat, PlayerID: id, Online: online})
	}
	slices.SortFunc(message.Seats, func(a, b seatMessage) int { return cmp.Compare(a.Seat, b.Seat) })
	text, err := json.Marshal(message)
	if err != nil || f.present.message != nil && bytes.Equal(text, f.present.message.Message) {
		return err
	}
	f.present.message = &Frame{Event: fmt.Appendf(nil, "event: presence\ndata: %s\n\n", text), Message: text}
	f.present.version++
	f.wake()
	return nil
}

// present tells watchers who is there until the feeds are closed.
func (f *Feeds) present() {
	tick := f.clock.NewTicker(presenceInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.Chan():
			f.exchange()
		case <-f.ctx.Done():
			return
		}
	}
}

func (f *Feeds) exchange() {
	f.mu.Lock()
	feeds := slices.Collect(maps.Values(f.feeds))
	f.mu.Unlock()
	here, elsewhere := make(map[string]Present, len(feeds)), map[string]Present{}
	for _, feed := range feeds {
		here[feed.id] = feed.here()
	}
	if f.board != nil {
		elsewhere = f.board.Exchange(f.ctx, here)
	}
	for _, feed := range feeds {
		_ = feed.tell(here[feed.id], elsewhere[feed.id]) // Numbers and ids can be written.
	}
}
