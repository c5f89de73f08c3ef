package live_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// emit appends an event.
func (t *table) emit(event *gamev1.Event) {
	t.change(func() {
		event.GameId, event.Sequence = gameID, int64(len(t.log)+1)
		t.log = append(t.log, event)
	})
}

func said(player, text string) *gamev1.Event {
	return &gamev1.Event{Detail: &gamev1.Event_ChatPosted{ChatPosted: &gamev1.ChatPosted{PlayerId: player, Text: text}}}
}

// TestWordsOfDeletedPlayersAreNotKept has one of two players who talked be deleted, while somebody watches. Whoever comes then gets no
// words of that player, though the feed had them.
func TestWordsOfDeletedPlayersAreNotKept(t *testing.T) {
	games := newTable()
	for _, event := range []*gamev1.Event{said("alice", "secret"), said("bob", "hello"), said("alice", "secret")} {
		games.emit(event)
	}
	feeds := newFeeds(t, games, clockwork.NewRealClock())
	first := follow(t, feeds, 0)
	first.reach(3)
	games.emit(&gamev1.Event{Detail: &gamev1.Event_ChatErased{ChatErased: &gamev1.ChatErased{PlayerId: "alice"}}})
	first.reach(4)
	frames, err := follow(t, feeds, 0).take(10)
	if err != nil || len(frames) != 4 || games.streams() != 1 {
		t.Fatalf("%d frames by %d streams, %v", len(frames), games.streams(), err)
	}
	var words []string
	for _, frame := range frames {
		frame.Delivered()
		text := string(frame.Event) + string(frame.Message)
		words = append(words, fmt.Sprint(strings.Count(text, "secret"), strings.Count(text, "hello")))
	}
	if want := []string{"0 0", "0 2", "0 0", "0 0"}; !slices.Equal(words, want) {
		t.Errorf("words %v, want %v", words, want)
	}
}

// TestOthersWatchOnBehindADeletion has the player be deleted in whose name a private game is read for all. A friend is told to come
// again, and not that there is no such game.
func TestOthersWatchOnBehindADeletion(t *testing.T) {
	deleted, friend := uuid.New(), uuid.New()
	games := &private{newTable(), map[uuid.UUID]bool{deleted: true, friend: true}}
	games.happen(3, false)
	feeds := newFeeds(t, games, clockwork.NewRealClock())
	followAs(t, feeds, deleted).reach(3)
	left := followAs(t, feeds, friend)
	left.reach(3)
	games.change(func() { delete(games.admitted, deleted) })
	games.breakStreams()
	if _, err := left.take(1); errs.Reason(err) != errorsv1.Reason_REASON_UNAVAILABLE {
		t.Errorf("a friend is told: %v", err)
	}
	games.happen(1, false)
	followAs(t, feeds, friend).reach(4)
}
