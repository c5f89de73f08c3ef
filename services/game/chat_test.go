package game_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres"
)

// onBothEngines runs a test with tables in a file and in PostgreSQL.
func onBothEngines(t *testing.T, test func(*tables)) {
	t.Run("sqlite", func(t *testing.T) { test(newTables(t)) })
	t.Run("postgres", func(t *testing.T) {
		tb := &tables{t: t, postgres: testserver.Database(t, "game", postgres.Migrate), clock: clockwork.NewFakeClock(), validators: &validators{}}
		tb.start()
		test(tb)
	})
}

// TestAMessageSentAgainCountsOnce sends messages again whose answers were lost, and new ones until there were enough.
func TestAMessageSentAgainCountsOnce(t *testing.T) { onBothEngines(t, messageSentAgainCountsOnce) }

func messageSentAgainCountsOnce(tb *tables) {
	t, alice, bob := tb.t, tb.player(), tb.player()
	id := alice.create()
	say := func(requestID string, want errorsv1.Reason) int64 {
		t.Helper()
		resp, err := bob.lobby.PostChat(bob.ctx, &gamev1.PostChatRequest{GameId: id, Text: "hi", RequestId: requestID})
		reason(t, requestID, err, want)
		return resp.GetSequence()
	}
	for range 6 { // Nothing came of it: it is the same message still.
		say("first", errorsv1.Reason_REASON_NOT_SEATED)
	}
	if _, err := bob.games.JoinGame(bob.ctx, &gamev1.JoinGameRequest{GameId: id}); err != nil {
		t.Fatal(err)
	}
	for _, wager := range []string{"field", "any_craps", "next_7"} { // PostgreSQL's cache knows the table: a request may be taken for new at first.
		bob.bet(id, wager, 1)
	}
	first := say("first", 0)
	for range 6 {
		if again := say("first", 0); again != first {
			t.Errorf("the message is event %d, and then %d", first, again)
		}
	}
	for range 4 {
		say(uuid.NewString(), 0)
	}
	for range 2 {
		say("late", errorsv1.Reason_REASON_RATE_LIMITED)
	}
	if again := say("first", 0); again != first {
		t.Errorf("behind the limit it is event %d", again)
	}
	tb.clock.Advance(2 * time.Second) // Room for one.
	say("late", 0)
	say("late", 0)
	say("later", errorsv1.Reason_REASON_RATE_LIMITED)
	if sequence := alice.get(id).GetSequence(); sequence != first+5 {
		t.Errorf("the log ends with event %d, want %d", sequence, first+5)
	}
	tb.clock.Advance(2 * time.Minute)
	if again := say("first", 0); again != first {
		t.Errorf("minutes later it is event %d", again)
	}
}

// TestWhoLeavesIsMuted has players talk and leave before the host mutes them.
func TestWhoLeavesIsMuted(t *testing.T) { onBothEngines(t, whoLeavesIsMuted) }

func whoLeavesIsMuted(tb *tables) {
	t, alice, bob, carol := tb.t, tb.player(), tb.player(), tb.player()
	id := alice.create()
	join := func(p *player) {
		t.Helper()
		if _, err := p.games.JoinGame(p.ctx, &gamev1.JoinGameRequest{GameId: id}); err != nil {
			t.Fatal(err)
		}
	}
	leave := func(p *player) {
		t.Helper()
		if _, err := p.games.LeaveGame(p.ctx, &gamev1.LeaveGameRequest{GameId: id}); err != nil {
			t.Fatal(err)
		}
	}
	say := func(p *player, want errorsv1.Reason) {
		t.Helper()
		_, err := p.lobby.PostChat(p.ctx, &gamev1.PostChatRequest{GameId: id, Text: "spam"})
		reason(t, "a message", err, want)
	}
	mute := func(p *player, want errorsv1.Reason) {
		t.Helper()
		_, err := alice.lobby.MutePlayer(alice.ctx, &gamev1.MutePlayerRequest{GameId: id, PlayerId: p.id.String()})
		reason(t, "a mute", err, want)
	}
	join(bob)
	join(carol)
	say(bob, 0)
	say(bob, 0)
	leave(bob)
	leave(carol)
	mute(carol, errorsv1.Reason_REASON_NOT_SEATED) // She said nothing.
	mute(bob, 0)
	join(bob)
	say(bob, errorsv1.Reason_REASON_MUTED)
	if _, err := alice.lobby.UnmutePlayer(alice.ctx, &gamev1.UnmutePlayerRequest{GameId: id, PlayerId: bob.id.String()}); err != nil {
		t.Fatal(err)
	}
	say(bob, 0)
}
