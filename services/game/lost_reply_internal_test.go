package game

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// TestRetryAfterLostReplyToBet loses the reply to the commit of a bet, at a table that the store has not cached yet, and after bets that
// got it cached. Another bet is placed in between. The repeated request returns the first call's bet, and the balance right after it.
func TestRetryAfterLostReplyToBet(t *testing.T) {
	for _, before := range [][]string{nil, {"hard_4", "hard_6", "any_craps"}} {
		t.Run(fmt.Sprintf("after %d bets", len(before)), func(t *testing.T) {
			l := newLossyService(t)
			game := l.newTable()
			l.bets(game, before...)
			var lost *gamev1.PlaceBetResponse
			l.loseReply(1, func() (err error) {
				lost, err = l.bet(game, "field")
				return err
			})
			l.bets(game, "hard_8")
			for range 2 {
				again, err := l.bet(game, "field")
				if err != nil || again.GetBalance() != int64(990-10*len(before)) || !proto.Equal(again, lost) {
					t.Errorf("repeated: %v, %v; the first was %v", again, err, lost)
				}
			}
			listed, err := l.games.ListBets(l.ctx, &gamev1.ListBetsRequest{GameId: game})
			if err != nil || len(listed.GetBets()) != len(before)+2 || !proto.Equal(listed.GetBets()[1], lost.GetBet()) {
				t.Errorf("bets %v, %v", listed, err)
			}
			if n := l.countEvents(game, func(e *play.Event) bool { return e.GetBetPlaced().GetBetType() == "field" }); n != 1 {
				t.Errorf("the game's events have the bet %d times", n)
			}
			l.wantStakes(len(before) + 2)
		})
	}
}

// TestLostReplyWakesWatchers loses the reply to the commit of a bet, of whose event nothing else would notify watchers.
func TestLostReplyWakesWatchers(t *testing.T) {
	l := newLossyService(t)
	game := l.newTable()
	watched := l.events.Subscribe(game)
	defer watched.Close()
	l.loseReply(1, func() error {
		_, err := l.bet(game, "field")
		return err
	})
	select {
	case notice := <-watched.C:
		if notice.Sequence != 0 {
			t.Errorf("notified of event %d, want a wake-up without one", notice.Sequence)
		}
	default:
		t.Error("watchers are not woken")
	}
}

// TestGroupWithLostReplyRunsOnce loses the reply to the commit of a group that opens a wallet and creates a table, without request ids:
// the outcome is unknown, and the commands must not be retried.
func TestGroupWithLostReplyRunsOnce(t *testing.T) {
	var cut *testserver.FaultProxy
	s, transactions := newManualService(t, func(cfg *Config) {
		onPostgres(t, cfg)
		cut = testserver.NewFaultProxy(t, cfg.Database.URL)
		cfg.Database.URL = cut.URL()
	})
	games, newcomer, before := &gameServer{Service: s.Service}, uuid.Must(uuid.NewV7()), transactions.updates
	unknown := func(call func() error) func() error {
		return func() error {
			if err := call(); errs.Reason(err) != errorsv1.Reason_REASON_UNAVAILABLE {
				t.Errorf("a call whose commit got no reply: %v", err)
			}
			return nil
		}
	}
	cut.DropCommitAnswer(1)
	s.commitTogether(unknown(func() error {
		_, err := s.balance(t.Context(), newcomer)
		return err
	}), unknown(func() error {
		_, err := games.CreateGame(identity.WithPlayer(t.Context(), newcomer), &gamev1.CreateGameRequest{})
		return err
	}))
	open, err := s.store.OpenGames(t.Context(), uuid.Nil, 10)
	if err != nil || len(open) != 1 || transactions.updates != before+1 {
		t.Errorf("%d tables by %d transactions, %v", len(open), transactions.updates-before, err)
	}
}

// TestRetryAfterLostReplyToSeat loses the reply for a new table, and for a seat at it. Retries must create neither a second time.
func TestRetryAfterLostReplyToSeat(t *testing.T) {
	l := newLossyService(t)
	create := func() (resp *gamev1.CreateGameResponse, err error) {
		return l.games.CreateGame(l.ctx, &gamev1.CreateGameRequest{RequestId: "create"})
	}
	l.loseReply(1, func() error {
		_, err := create()
		return err
	})
	created, err := create()
	open, errOpen := l.store.OpenGames(t.Context(), uuid.Nil, 10)
	if err != nil || errOpen != nil || len(open) != 1 || created.GetGame().GetGameId() != open[0].ID.String() {
		t.Fatalf("repeated: %v, %v; %d tables, %v", created, err, len(open), errOpen)
	}
	game, bob := created.GetGame().GetGameId(), uuid.Must(uuid.NewV7())
	join := func(player uuid.UUID) (*gamev1.JoinGameResponse, error) {
		return l.games.JoinGame(identity.WithPlayer(t.Context(), player), &gamev1.JoinGameRequest{GameId: game})
	}
	l.loseReply(1, func() error {
		_, err := join(bob)
		return err
	})
	seated, err := l.games.GetGame(l.ctx, &gamev1.GetGameRequest{GameId: game})
	if joined, errJoin := join(bob); err != nil || errJoin != nil || !proto.Equal(joined.GetGame(), seated.GetGame()) || len(joined.GetGame().GetSeats()) != 2 {
		t.Errorf("repeated: %v, %v; the game is %v, %v", joined, errJoin, seated, err)
	}
	if n := l.countEvents(game, func(e *play.Event) bool { return e.GetPlayerJoined().GetPlayerId() == bob.String() }); n != 1 {
		t.Errorf("the player took a seat %d times", n)
	}
	if again, err := create(); err != nil || !proto.Equal(again, created) {
		t.Errorf("repeated after the seat: %v, %v; first %v", again, err, created)
	}
	l.audit()
}

// TestRetryAfterLostReplyToRoll loses the reply to the commit that closes betting, or to the one that settles the bets. The repeated
// request returns the round that the first one closed, which is rolled once.
func TestRetryAfterLostReplyToRoll(t *testing.T) {
	for commit, name := range map[int64]string{1: "at the close", 2: "at the settlement"} {
		t.Run(name, func(t *testing.T) {
			l := newLossyService(t)
			game := l.newTable()
			l.bets(game, "pass_line", "hard_4")
			roll := func(ctx context.Context) (*gamev1.RollDiceResponse, error) {
				return l.games.RollDice(ctx, &gamev1.RollDiceRequest{GameId: game, RequestId: "roll"})
			}
			l.loseReply(commit, func() error {
				_, err := roll(l.ctx)
				return err
			})
			rolled, err := roll(l.ctx)
			again, errAgain := roll(l.ctx)
			round, errRound := l.store.Round(t.Context(), uuid.MustParse(game), 1)
			if err != nil || errAgain != nil || errRound != nil || !proto.Equal(rolled, again) || rolled.GetRound() != 1 ||
				!slices.Equal(rolled.GetDice(), []int32{int32(round.Dice.First), int32(round.Dice.Second)}) {
				t.Errorf("repeated: %v, %v; again %v, %v; the round is %+v, %v", rolled, err, again, errAgain, round, errRound)
			}
			after, err := l.store.Game(t.Context(), uuid.MustParse(game))
			if n := l.countEvents(game, func(e *play.Event) bool { return e.GetDiceRolled() != nil }); err != nil || n != 1 || after.Round != 2 {
				t.Errorf("the dice were rolled %d times, and the game is at round %d, %v", n, after.Round, err)
			}
			balance, _, err := l.store.Balance(t.Context(), ledger.Wallet(l.player))
			if err != nil || rolled.GetBalance() != balance {
				t.Errorf("answered a balance of %d, the wallet is at %d, %v", rolled.GetBalance(), balance, err)
			}
			l.audit()
		})
	}
}
