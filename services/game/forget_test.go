package game_test

import (
	"slices"
	"testing"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/service/servicetest"
	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres"
)

// forget makes the api service's call after a player was deleted.
func (p *player) forget() error {
	conn := servicetest.Dial(p.t, p.network, identity.API, rpcclient.Target{Service: identity.Game}, "game")
	_, err := gamev1.NewLobbyServiceClient(conn).ForgetPlayer(p.t.Context(), &gamev1.ForgetPlayerRequest{PlayerId: p.id.String()})
	return err
}

func (p *player) say(gameID, text string) error {
	_, err := p.lobby.PostChat(p.ctx, &gamev1.PostChatRequest{GameId: gameID, Text: text})
	return err
}

func (p *player) sitDown(gameID string) {
	p.t.Helper()
	if _, err := p.games.JoinGame(p.ctx, &gamev1.JoinGameRequest{GameId: gameID}); err != nil {
		p.t.Fatal(err)
	}
}

// TestDeletedPlayersAreForgotten deletes a host whose dice are in the air: nobody can leave then, but everything else is erased at
// once, and the seat becomes free once the roll is settled.
func TestDeletedPlayersAreForgotten(t *testing.T) {
	for name, url := range map[string]func() string{"sqlite": func() string { return "" }, "postgres": func() string { return testserver.Database(t, "game", postgres.Migrate) }} {
		t.Run(name, func(t *testing.T) {
			ts := &testService{t: t, path: t.TempDir() + "/game.db", postgres: url(), clock: clockwork.NewFakeClock(), validators: &validators{}}
			ts.start()
			deletedPlayersAreForgotten(t, ts)
		})
	}
}

func deletedPlayersAreForgotten(t *testing.T, ts *testService) {
	alice, bob := ts.player(), ts.player()
	id := alice.create()
	bob.sitDown(id)
	wantReason(t, "talk", alice.say(id, "my name is Alice"), 0)
	wantReason(t, "an answer", bob.say(id, "hello"), 0)
	alice.bet(id, "pass_line", 10)
	ts.validators.setUnavailable(true)
	_, err := alice.games.RollDice(alice.ctx, &gamev1.RollDiceRequest{GameId: id})
	wantReason(t, "a roll without validators", err, errorsv1.Reason_REASON_NO_QUORUM)
	wantReason(t, "with the dice in the air", alice.forget(), errorsv1.Reason_REASON_NO_QUORUM)
	if game := bob.get(id); game.GetHostId() != bob.id.String() || len(game.GetSeats()) != 2 {
		t.Errorf("meanwhile the game is %v", game)
	}
	ts.validators.setUnavailable(false)
	for range 2 { // The call is idempotent.
		wantReason(t, "once the roll can be decided", alice.forget(), 0)
		if game := bob.get(id); game.GetHostId() != bob.id.String() || len(game.GetSeats()) != 1 || game.GetShooterId() == alice.id.String() {
			t.Errorf("the game is %v", game)
		}
	}
	sequence := bob.get(id).GetSequence()
	wantReason(t, "again", alice.forget(), 0)
	if now := bob.get(id).GetSequence(); now != sequence {
		t.Errorf("the log went from %d to %d", sequence, now)
	}
	if said := bob.chatTexts(id); !slices.Equal(said, []string{"", "hello", "erased " + alice.id.String()}) {
		t.Errorf("watchers see %q", said)
	}
	alice.wantLockedOut(id)
	leaders, err := bob.lobby.ListLeaders(bob.ctx, &gamev1.ListLeadersRequest{Period: "all_time"})
	if err != nil || len(leaders.GetLeaders()) != 0 {
		t.Errorf("leaders %v, %v", leaders, err)
	}
	ts.audit()
}

// chatTexts returns the chat events that a watcher receives, from the first event.
func (p *player) chatTexts(gameID string) (texts []string) {
	p.t.Helper()
	w := p.watch(gameID)
	for last := p.get(gameID).GetSequence(); w.last < last; w.last++ {
		resp, err := w.stream.Recv()
		if err != nil || resp.GetEvent().GetSequence() != w.last+1 {
			p.t.Fatalf("event %d is followed by %v, %v", w.last, resp, err)
		}
		switch detail := resp.GetEvent().GetDetail().(type) {
		case *gamev1.Event_ChatPosted:
			texts = append(texts, detail.ChatPosted.GetText())
		case *gamev1.Event_ChatErased:
			texts = append(texts, "erased "+detail.ChatErased.GetPlayerId())
		}
	}
	return texts
}

// wantLockedOut checks that a deleted player, whose token is still valid for a while, is refused everything.
func (p *player) wantLockedOut(gameID string) {
	p.t.Helper()
	_, joined := p.games.JoinGame(p.ctx, &gamev1.JoinGameRequest{GameId: gameID})
	_, created := p.games.CreateGame(p.ctx, &gamev1.CreateGameRequest{})
	_, seated := p.lobby.QuickSeat(p.ctx, &gamev1.QuickSeatRequest{})
	_, limited := p.protection.SetLimit(p.ctx, &gamev1.SetLimitRequest{Kind: "loss", Period: "day", Amount: new(int64(5))})
	_, bet := p.games.PlaceBet(p.ctx, &gamev1.PlaceBetRequest{GameId: gameID, BetType: "field", Amount: 1})
	for what, err := range map[string]error{"bets": bet, "joins": joined, "opens a table": created, "sits down anywhere": seated, "sets a limit": limited, "talks": p.say(gameID, "hi")} {
		if errs.Reason(err) != errorsv1.Reason_REASON_SESSION_ENDED {
			p.t.Errorf("a deleted player %s: %v", what, err)
		}
	}
}
