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

// append appends an event to the game's log.
func (t *fakeGames) append(event *gamev1.Event) {
	t.change(func() {
		event.GameId, event.Sequence = gameID, int64(len(t.log)+1)
		t.log = append(t.log, event)
	})
}

func chatPosted(player, text string) *gamev1.Event {
	return &gamev1.Event{Detail: &gamev1.Event_ChatPosted{ChatPosted: &gamev1.ChatPosted{PlayerId: player, Text: text}}}
}

// TestErasedChatIsRemovedFromFeed deletes one of two players who chatted, while somebody watches. Later watchers get none of that
// player's messages, although the feed had kept them.
func TestErasedChatIsRemovedFromFeed(t *testing.T) {
	games := newFakeGames()
	for _, event := range []*gamev1.Event{chatPosted("alice", "secret"), chatPosted("bob", "hello"), chatPosted("alice", "secret")} {
		games.append(event)
	}
	feeds := newFeeds(t, games, clockwork.NewRealClock())
	first := follow(t, feeds, 0)
	first.reach(3)
	games.append(&gamev1.Event{Detail: &gamev1.Event_ChatErased{ChatErased: &gamev1.ChatErased{PlayerId: "alice"}}})
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

// TestDeletedPlayerDoesNotEndOthersWatch deletes the player on whose behalf a private game is read for all its watchers. A friend is
// told to reconnect, not that the game does not exist.
func TestDeletedPlayerDoesNotEndOthersWatch(t *testing.T) {
	deleted, friend := uuid.New(), uuid.New()
	games := &privateGames{newFakeGames(), map[uuid.UUID]bool{deleted: true, friend: true}}
	games.appendEvents(3, false)
	feeds := newFeeds(t, games, clockwork.NewRealClock())
	followAs(t, feeds, deleted).reach(3)
	left := followAs(t, feeds, friend)
	left.reach(3)
	games.change(func() { delete(games.admitted, deleted) })
	games.breakStreams()
	if _, err := left.take(1); errs.Reason(err) != errorsv1.Reason_REASON_UNAVAILABLE {
		t.Errorf("a friend is told: %v", err)
	}
	games.appendEvents(1, false)
	followAs(t, feeds, friend).reach(4)
}
