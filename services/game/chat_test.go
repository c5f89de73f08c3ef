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

// onEachEngine runs a test on SQLite and on PostgreSQL.
func onEachEngine(t *testing.T, test func(*testService)) {
	t.Run("sqlite", func(t *testing.T) { test(newTestService(t)) })
	t.Run("postgres", func(t *testing.T) {
		ts := &testService{t: t, postgres: testserver.Database(t, "game", postgres.Migrate), clock: clockwork.NewFakeClock(), validators: &validators{}}
		ts.start()
		test(ts)
	})
}

// TestRetriedMessageCountsOnce retries messages whose answers were lost, and sends new ones up to the rate limit.
func TestRetriedMessageCountsOnce(t *testing.T) { onEachEngine(t, retriedMessageCountsOnce) }

func retriedMessageCountsOnce(ts *testService) {
	t, alice, bob := ts.t, ts.player(), ts.player()
	id := alice.create()
	say := func(requestID string, want errorsv1.Reason) int64 {
		t.Helper()
		resp, err := bob.lobby.PostChat(bob.ctx, &gamev1.PostChatRequest{GameId: id, Text: "hi", RequestId: requestID})
		wantReason(t, requestID, err, want)
		return resp.GetSequence()
	}
	for range 6 { // Refused messages are not remembered: each retry is still the same message.
		say("first", errorsv1.Reason_REASON_NOT_SEATED)
	}
	if _, err := bob.games.JoinGame(bob.ctx, &gamev1.JoinGameRequest{GameId: id}); err != nil {
		t.Fatal(err)
	}
	for _, wager := range []string{"field", "any_craps", "next_7"} { // Gets the table into PostgreSQL's cache, after which a retry may be taken for a new request at first.
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
		t.Errorf("after reaching the limit it is event %d", again)
	}
	ts.clock.Advance(2 * time.Second) // Room for one.
	say("late", 0)
	say("late", 0)
	say("later", errorsv1.Reason_REASON_RATE_LIMITED)
	if sequence := alice.get(id).GetSequence(); sequence != first+5 {
		t.Errorf("the log ends with event %d, want %d", sequence, first+5)
	}
	ts.clock.Advance(2 * time.Minute)
	if again := say("first", 0); again != first {
		t.Errorf("minutes later it is event %d", again)
	}
}

// TestMuteAppliesAfterLeaving has players post messages and leave before the host mutes them.
func TestMuteAppliesAfterLeaving(t *testing.T) { onEachEngine(t, muteAppliesAfterLeaving) }

func muteAppliesAfterLeaving(ts *testService) {
	t, alice, bob, carol := ts.t, ts.player(), ts.player(), ts.player()
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
		wantReason(t, "a message", err, want)
	}
	mute := func(p *player, want errorsv1.Reason) {
		t.Helper()
		_, err := alice.lobby.MutePlayer(alice.ctx, &gamev1.MutePlayerRequest{GameId: id, PlayerId: p.id.String()})
		wantReason(t, "a mute", err, want)
	}
	join(bob)
	join(carol)
	say(bob, 0)
	say(bob, 0)
	leave(bob)
	leave(carol)
	mute(carol, errorsv1.Reason_REASON_NOT_SEATED) // She posted nothing.
	mute(bob, 0)
	join(bob)
	say(bob, errorsv1.Reason_REASON_MUTED)
	if _, err := alice.lobby.UnmutePlayer(alice.ctx, &gamev1.UnmutePlayerRequest{GameId: id, PlayerId: bob.id.String()}); err != nil {
		t.Fatal(err)
	}
	say(bob, 0)
}
