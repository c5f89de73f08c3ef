package game_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// TestWatchAcceptsUpperCaseID watches a game by its id in upper case: events arrive.
func TestWatchAcceptsUpperCaseID(t *testing.T) {
	ts := newTestService(t)
	alice := ts.player()
	id := alice.create()
	stream, err := alice.games.WatchGame(alice.ctx, &gamev1.WatchGameRequest{GameId: strings.ToUpper(id), AfterSequence: alice.get(id).GetSequence()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Header(); err != nil {
		t.Fatal(err)
	}
	alice.bet(id, "field", 1)
	resp, err := stream.Recv()
	if err != nil || resp.GetEvent().GetBetPlaced() == nil {
		t.Fatalf("%v, %v", resp, err)
	}
}

// TestWatchOfClosedGameEnds resumes after a closed game's last event: the stream ends at once.
func TestWatchOfClosedGameEnds(t *testing.T) {
	ts := newTestService(t)
	alice := ts.player()
	id := alice.create()
	if _, err := alice.games.LeaveGame(alice.ctx, &gamev1.LeaveGameRequest{GameId: id}); err != nil {
		t.Fatal(err)
	}
	stream, err := alice.games.WatchGame(alice.ctx, &gamev1.WatchGameRequest{GameId: id, AfterSequence: alice.get(id).GetSequence()})
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("%v, %v", resp, err)
	}
}
