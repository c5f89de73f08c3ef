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

// TestALostAnswerToABetComesAgain loses it at a table that the store has not cached yet, and behind bets that got it there. Another
// bet comes in between. The repeated request gets the bet, and the balance behind that bet, that the first call had to answer.
func TestALostAnswerToABetComesAgain(t *testing.T) {
	for _, before := range [][]string{nil, {"hard_4", "hard_6", "any_craps"}} {
		t.Run(fmt.Sprintf("behind %d bets", len(before)), func(t *testing.T) {
			l := newLosing(t)
			game := l.table()
			l.bets(game, before...)
			var lost *gamev1.PlaceBetResponse
			l.loses(1, func() (err error) {
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
			if n := l.happened(game, func(e *play.Event) bool { return e.GetBetPlaced().GetBetType() == "field" }); n != 1 {
				t.Errorf("the game's events have the bet %d times", n)
			}
			l.wallet(len(before) + 2)
		})
	}
}

// TestALostAnswerWakesWatchers loses that of a bet, whose event nobody else would tell watchers of.
func TestALostAnswerWakesWatchers(t *testing.T) {
	l := newLosing(t)
	game := l.table()
	watched := l.events.Subscribe(game)
	defer watched.Close()
	l.loses(1, func() error {
		_, err := l.bet(game, "field")
		return err
	})
	select {
	case notice := <-watched.C:
		if notice.Sequence != 0 {
			t.Errorf("told of event %d", notice.Sequence)
		}
	default:
		t.Error("watchers are told nothing")
	}
}

// TestALostAnswerToAGroupRunsItOnce loses that of a newcomer's wallet and of a table, in one group and without request ids: nobody
// knows what came of them, and they must not be tried again.
func TestALostAnswerToAGroupRunsItOnce(t *testing.T) {
	var cut *testserver.Cut
	s, transactions := newByHand(t, func(cfg *Config) {
		onPostgres(t, cfg)
		cut = testserver.NewCut(t, cfg.Database.URL)
		cfg.Database.URL = cut.URL()
	})
	games, newcomer, before := &gameServer{Service: s.Service}, uuid.Must(uuid.NewV7()), transactions.updates
	unknown := func(call func() error) func() error {
		return func() error {
			if err := call(); errs.Reason(err) != errorsv1.Reason_REASON_UNAVAILABLE {
				t.Errorf("a call whose commit is not answered: %v", err)
			}
			return nil
		}
	}
	cut.AtCommit(1)
	s.together(unknown(func() error {
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

// TestALostAnswerToASeatComesAgain loses the answer of a new table, and that of a seat at one. There is one of each.
func TestALostAnswerToASeatComesAgain(t *testing.T) {
	l := newLosing(t)
	create := func() (resp *gamev1.CreateGameResponse, err error) {
		return l.games.CreateGame(l.ctx, &gamev1.CreateGameRequest{RequestId: "create"})
	}
	l.loses(1, func() error {
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
	l.loses(1, func() error {
		_, err := join(bob)
		return err
	})
	seated, err := l.games.GetGame(l.ctx, &gamev1.GetGameRequest{GameId: game})
	if joined, errJoin := join(bob); err != nil || errJoin != nil || !proto.Equal(joined.GetGame(), seated.GetGame()) || len(joined.GetGame().GetSeats()) != 2 {
		t.Errorf("repeated: %v, %v; the game is %v, %v", joined, errJoin, seated, err)
	}
	if n := l.happened(game, func(e *play.Event) bool { return e.GetPlayerJoined().GetPlayerId() == bob.String() }); n != 1 {
		t.Errorf("the player took a seat %d times", n)
	}
	if again, err := create(); err != nil || !proto.Equal(again, created) {
		t.Errorf("repeated behind the seat: %v, %v; first %v", again, err, created)
	}
	l.audit()
}

// TestALostAnswerToARollComesAgain loses that of the commit which closes the bets, and that of the one which settles them. The
// repeated request gets the round that the first one closed, whose dice fell once.
func TestALostAnswerToARollComesAgain(t *testing.T) {
	for commit, name := range map[int64]string{1: "at the close", 2: "at the settlement"} {
		t.Run(name, func(t *testing.T) {
			l := newLosing(t)
			game := l.table()
			l.bets(game, "pass_line", "hard_4")
			roll := func(ctx context.Context) (*gamev1.RollDiceResponse, error) {
				return l.games.RollDice(ctx, &gamev1.RollDiceRequest{GameId: game, RequestId: "roll"})
			}
			l.loses(commit, func() error {
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
			if n := l.happened(game, func(e *play.Event) bool { return e.GetDiceRolled() != nil }); err != nil || n != 1 || after.Round != 2 {
				t.Errorf("the dice fell %d times, and the game is at round %d, %v", n, after.Round, err)
			}
			balance, _, err := l.store.Balance(t.Context(), ledger.Wallet(l.player))
			if err != nil || rolled.GetBalance() != balance {
				t.Errorf("answered a balance of %d, the wallet is at %d, %v", rolled.GetBalance(), balance, err)
			}
			l.audit()
		})
	}
}
