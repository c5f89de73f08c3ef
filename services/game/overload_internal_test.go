package game

import (
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/identity"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// TestAFullQueueRefuses holds a transaction up until one player's part of the queue is full, and then all of it. What finds no room
// is refused at once, leaves nothing, and is as new when it comes again.
func TestAFullQueueRefuses(t *testing.T) {
	c := newCrowd(t, Commit{Writers: 1, Queue: 3, QueuePerPlayer: 2})
	alice, bob, carol := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	created, err := c.games.CreateGame(identity.WithPlayer(t.Context(), alice), &gamev1.CreateGameRequest{})
	if err != nil {
		t.Fatal(err)
	}
	c.game = created.GetGame().GetGameId()
	if err := c.join(bob); err != nil {
		t.Fatal(err)
	}
	c.store.Lock()
	c.waits(alice, "field", 0) // A writer has it.
	c.waits(alice, "hard_4", 1)
	c.waits(alice, "hard_6", 2)
	_, err = c.bet(alice, "hard_8")
	c.refused("the bet of a player with much under way", err)
	c.waits(bob, "field", 3) // It is no matter to others.
	_, err = c.bet(bob, "hard_4")
	c.refused("a bet in a queue that is full", err)
	c.refused("a seat in a queue that is full", c.join(carol))
	_, err = c.games.CreateGame(identity.WithPlayer(t.Context(), carol), &gamev1.CreateGameRequest{RequestId: "create"})
	c.refused("a table in a queue that is full", err)
	c.store.Unlock()
	c.waiting.Wait()

	c.has(alice, "field", "hard_4", "hard_6")
	c.has(bob, "field")
	stored, err := c.store.Game(t.Context(), uuid.MustParse(c.game))
	if err != nil || stored.Seated(carol) || len(stored.Seats) != 2 {
		t.Errorf("seats %v, %v", stored.Seats, err)
	}
	if open, err := c.store.OpenGames(t.Context(), uuid.Nil, 10); err != nil || len(open) != 1 {
		t.Errorf("%d open games, %v", len(open), err)
	}
	again, err := c.bet(alice, "hard_8")
	repeated, errRepeated := c.bet(alice, "hard_8")
	if err != nil || errRepeated != nil || again.GetBalance() != 960 || !proto.Equal(again, repeated) {
		t.Errorf("with room: %v, %v; repeated %v, %v", again, err, repeated, errRepeated)
	}
	if err := c.join(carol); err != nil {
		t.Errorf("with room: %v", err)
	}
	c.has(alice, "field", "hard_4", "hard_6", "hard_8")
	c.audit()
}
