package game

import (
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/identity"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// TestFullQueueRefusesCommands blocks a transaction until one player's part of the queue is full, and then the whole queue. Further
// commands are refused at once, have no effect, and are handled as new when they are retried.
func TestFullQueueRefusesCommands(t *testing.T) {
	c := newOverloadFixture(t, Commit{Writers: 1, Queue: 3, QueuePerPlayer: 2})
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
	c.betQueued(alice, "field", 0) // A writer has it.
	c.betQueued(alice, "hard_4", 1)
	c.betQueued(alice, "hard_6", 2)
	_, err = c.bet(alice, "hard_8")
	c.wantOverloaded("the bet of a player whose part of the queue is full", err)
	c.betQueued(bob, "field", 3) // Others still have room.
	_, err = c.bet(bob, "hard_4")
	c.wantOverloaded("a bet when the queue is full", err)
	c.wantOverloaded("a seat when the queue is full", c.join(carol))
	_, err = c.games.CreateGame(identity.WithPlayer(t.Context(), carol), &gamev1.CreateGameRequest{RequestId: "create"})
	c.wantOverloaded("a table when the queue is full", err)
	c.store.Unlock()
	c.waiting.Wait()

	c.wantBets(alice, "field", "hard_4", "hard_6")
	c.wantBets(bob, "field")
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
	c.wantBets(alice, "field", "hard_4", "hard_6", "hard_8")
	c.audit()
}
