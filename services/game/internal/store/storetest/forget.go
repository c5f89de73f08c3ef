package storetest

import (
	"cmp"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// testForget deletes a host with a live contract bet, who has chatted there, was admitted elsewhere, and has lost a bet.
func testForget(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	table, private := f.create(alice), f.createPrivate(bob)
	f.must(f.do(play.Key{Game: private, Player: alice}, func(turn *play.Turn) error { return turn.Admit(alice, play.Member{}) }))
	f.must(f.do(play.Key{Game: table}, func(turn *play.Turn) error { return turn.Join(bob) }))
	for _, message := range []struct {
		player uuid.UUID
		text   string
	}{{alice, "one"}, {bob, "two"}, {alice, "three"}, {alice, "four"}} {
		f.must(f.do(play.Key{Game: table, Player: message.player}, func(turn *play.Turn) error { return turn.Chat(message.player, play.Member{}, message.text) }))
	}
	f.bet(table, alice, "pass_line")
	f.bet(table, alice, "field")
	f.bet(table, bob, "pass_line")
	f.must(f.setLossLimit(alice, 1000))
	f.roll(table, alice, 8) // The field loses.
	f.bet(table, alice, "hard_4")
	game, err := f.store.Game(t.Context(), table)
	if f.must(err); game.Host != alice || len(f.scores(alice)) != 1 {
		t.Fatalf("the game before %+v, scores %+v", game, f.scores(alice))
	}
	for range 2 { // The second time there is nothing left to do.
		f.forget(alice)
		f.expectNoData(alice, table, private)
	}
	if game, err := f.store.Game(t.Context(), table); err != nil || game.Host != bob {
		t.Errorf("the host is %v, %v; want %v", game.Host, err, bob)
	}
	if texts := f.chatTexts(table); !slices.Equal(texts, []string{"", "two", "", ""}) {
		t.Errorf("chat texts: %q", texts)
	}
	f.expectRefused(alice, table)
	f.roll(table, uuid.Nil, 8) // The contract wins.
	if wallet := f.balance(ledger.Wallet(alice)); wallet != 1000-10+10 {
		t.Errorf("the wallet holds %d", wallet)
	}
	if of, others := f.scores(alice), f.scores(bob); len(of) != 0 || len(others) != 1 {
		t.Errorf("scores of the deleted player %+v, of another %+v", of, others)
	}
	f.expectNoData(alice, table, private)
}

func (f *fixture) createPrivate(host uuid.UUID) uuid.UUID {
	f.t.Helper()
	turn := f.prepare(&play.Turn{})
	f.must(play.CreatePrivate(turn, host, play.Limits{MaxPlayers: 4, MinBet: 1, MaxBet: 500}, host[:]))
	f.must(f.store.Update(f.t.Context(), func(tx play.Tx) error { return tx.Save(f.t.Context(), turn) }))
	return turn.Game.ID
}

func (f *fixture) scores(player uuid.UUID) []play.Score {
	f.t.Helper()
	scores, err := f.store.Scores(f.t.Context(), player, play.ScoresAt(play.AllTime, f.now))
	f.must(err)
	return scores
}

// gamesWithData reads pages of one game.
func (f *fixture) gamesWithData(player uuid.UUID) (tables []uuid.UUID) {
	f.t.Helper()
	for after := uuid.Nil; ; {
		page, err := f.store.GamesWithPlayerData(f.t.Context(), player, after, 1)
		if f.must(err); len(page) == 0 {
			return tables
		}
		after = page[0]
		tables = append(tables, after)
	}
}

// forget does what the service does for a deleted player.
func (f *fixture) forget(player uuid.UUID) {
	f.t.Helper()
	ctx := f.t.Context()
	f.must(f.store.Update(ctx, func(tx play.Tx) error {
		turns, err := tx.Load(ctx, play.Key{Player: player})
		f.must(err)
		f.prepare(turns[0]).MarkDeleted(player)
		return cmp.Or(tx.Save(ctx, turns...), tx.ForgetScores(ctx, player))
	}))
	for _, id := range f.gamesWithData(player) {
		for erased := 2; erased == 2; {
			f.must(f.store.Update(ctx, func(tx play.Tx) error {
				turns, err := tx.Load(ctx, play.Key{Game: id, All: true})
				f.must(err)
				if erased, err = tx.EraseChat(ctx, id, player, 2); err != nil {
					return err // The transaction worked from the cache, and runs again.
				}
				if seated, err := f.prepare(turns[0]).Forget(player, erased > 0); seated || err != nil {
					f.t.Errorf("seated %v, %v", seated, err)
				}
				return tx.Save(ctx, turns...)
			}))
		}
	}
}

func (f *fixture) expectNoData(player uuid.UUID, tables ...uuid.UUID) {
	f.t.Helper()
	for _, id := range tables {
		game, err := f.store.Game(f.t.Context(), id)
		f.must(err)
		member, err := f.store.Member(f.t.Context(), id, player)
		if f.must(err); game.Seated(player) || game.Host == player || game.Shooter == player || member != (play.Member{}) {
			f.t.Errorf("the game %+v, a member %+v", game, member)
		}
	}
	if games, scores := f.gamesWithData(player), f.scores(player); len(games)+len(scores) > 0 {
		f.t.Errorf("games with data %v, scores %+v", games, scores)
	}
	state, err := f.store.Protection(f.t.Context(), player)
	if err != nil || state == nil || state.CheckNotDeleted() == nil || len(state.Limits) > 0 || state.InPlay != 0 || !state.Day.Start.IsZero() {
		f.t.Errorf("protection %+v, %v", state, err)
	}
}

// chatTexts returns the texts of all chat messages at a game.
func (f *fixture) chatTexts(game uuid.UUID) (texts []string) {
	f.t.Helper()
	events, err := f.store.Events(f.t.Context(), game, 0, 100)
	f.must(err)
	for i, event := range events {
		if event.GetSequence() != int64(i)+1 {
			f.t.Errorf("event %d has the sequence %d", i, event.GetSequence())
		}
		if chat := event.GetChatPosted(); chat != nil {
			texts = append(texts, chat.GetText())
		}
	}
	return texts
}

// expectRefused has a deleted player try what other players may do.
func (f *fixture) expectRefused(player, game uuid.UUID) {
	f.t.Helper()
	for what, do := range map[string]func(*play.Turn) error{
		"joins": func(turn *play.Turn) error { return turn.Join(player) },
		"opens a game": func(turn *play.Turn) error {
			return play.Create(turn, player, play.Limits{MaxPlayers: 4, MinBet: 1, MaxBet: 500})
		},
		"chats":       func(turn *play.Turn) error { return turn.Chat(player, play.Member{}, "hi") },
		"is admitted": func(turn *play.Turn) error { return turn.Admit(player, play.Member{}) },
		"reduces a bet": func(turn *play.Turn) error {
			return turn.UpdateBet(turn.Bets[0], play.BetChange{Amount: new(int64(5))})
		},
		"bets": func(turn *play.Turn) error {
			_, err := turn.PlaceBet(play.NewBet{Player: player, Wager: "field", Amount: 10})
			return err
		},
	} {
		if err := f.do(play.Key{Game: game, Player: player}, do); errs.Reason(err) != errorsv1.Reason_REASON_SESSION_ENDED {
			f.t.Errorf("a deleted player %s: %v", what, err)
		}
	}
}
