package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

func testPrivate(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	public, first, second := f.create(alice), []byte("first"), []byte("second")
	turn := f.prepare(&play.Turn{})
	f.must(play.CreatePrivate(turn, alice, play.Limits{MaxPlayers: 4, MinBet: 1, MaxBet: 500}, first))
	f.must(f.store.Update(t.Context(), func(tx play.Tx) error { return tx.Save(t.Context(), turn) }))
	id := turn.Game.ID
	game, err := f.store.Game(t.Context(), id)
	if err != nil || !game.Private || game.Host != alice {
		t.Errorf("game = %+v, %v", game, err)
	}
	for name, list := range map[string]func() ([]*play.Game, error){
		"open games": func() ([]*play.Game, error) { return f.store.OpenGames(t.Context(), uuid.Nil, 10) },
		"free seats": func() ([]*play.Game, error) { return f.store.OpenGamesWithSeats(t.Context(), uuid.Nil, 10) },
	} {
		if games, err := list(); err != nil || len(games) != 1 || games[0].ID != public || len(games[0].Seats) != 1 {
			t.Errorf("%s: %v, %v", name, games, err)
		}
	}
	if found, err := f.store.GameByCode(t.Context(), first); err != nil || found != id {
		t.Errorf("the game of the code is %s, %v", found, err)
	}
	f.must(f.do(play.Key{Game: id}, func(turn *play.Turn) error {
		return errors.Join(turn.RenewCode(alice, second), turn.Admit(bob, play.Member{Muted: true}))
	}))
	if _, err := f.store.GameByCode(t.Context(), first); !errors.Is(err, play.ErrNotFound) {
		t.Errorf("an old code: %v", err)
	}
	if found, err := f.store.GameByCode(t.Context(), second); err != nil || found != id {
		t.Errorf("the game of the new code is %s, %v", found, err)
	}
	f.must(f.store.Update(t.Context(), func(tx play.Tx) error {
		for player, want := range map[uuid.UUID]play.Member{bob: {Known: true, Admitted: true, Muted: true}, alice: {}} {
			in, err := tx.Member(t.Context(), id, player)
			f.must(err)
			read, err := f.store.Member(t.Context(), id, player)
			if err != nil || in != want || read != want {
				t.Errorf("member %+v and %+v, want %+v, %v", in, read, want, err)
			}
		}
		return nil
	}))
	f.must(f.do(play.Key{Game: id}, func(turn *play.Turn) error {
		return turn.Mute(alice, bob, play.Member{Admitted: true, Muted: true}, false)
	}))
	if member, err := f.store.Member(t.Context(), id, bob); err != nil || member != (play.Member{Known: true, Admitted: true}) {
		t.Errorf("member %+v, %v", member, err)
	}
}

func testFreeSeats(t *testing.T, f *fixture) {
	players := []uuid.UUID{newID(), newID(), newID(), newID()}
	id := f.create(players[0])
	free := func(want int) {
		t.Helper()
		games, err := f.store.OpenGamesWithSeats(t.Context(), uuid.Nil, 10)
		if err != nil || len(games) != want {
			t.Errorf("%d games have a free seat, want %d, %v", len(games), want, err)
		}
	}
	for _, player := range players[1:] {
		free(1)
		f.must(f.do(play.Key{Game: id}, func(turn *play.Turn) error { return turn.Join(player) }))
	}
	free(0)
	f.must(f.do(play.Key{Game: id, All: true}, func(turn *play.Turn) error { return turn.Leave(players[2]) }))
	free(1)
	for _, player := range []int{0, 1, 3} {
		f.must(f.do(play.Key{Game: id, All: true}, func(turn *play.Turn) error { return turn.Leave(players[player]) }))
	}
	free(0) // The game has ended.
}

// testScores has rounds decide bets on two days, several in one transaction, and adds them up.
func testScores(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	first, second := f.create(alice), f.create(bob)
	f.must(f.do(play.Key{Game: first}, func(turn *play.Turn) error { return turn.Join(bob) }))
	day := func(at time.Time) play.ScoreKey { return play.ScoresAt(calendar.Day, at) }
	leaders := func(key play.ScoreKey, after play.Score, want ...play.Score) {
		t.Helper()
		got, err := f.store.Leaders(t.Context(), key, after, 10)
		f.must(err)
		if len(got) != len(want) {
			t.Fatalf("leaders %+v, want %+v", got, want)
		}
		for i := range want {
			want[i].ScoreKey = key
			if got[i].Player != want[i].Player || !got[i].Starts.Equal(key.Starts) || got[i].Net() != want[i].Net() || got[i].Bets != want[i].Bets || got[i].Rounds != want[i].Rounds {
				t.Errorf("leader %d is %+v, want %+v", i, got[i], want[i])
			}
		}
	}
	f.bet(first, alice, "pass_line")
	f.bet(first, bob, "dont_pass")
	f.bet(first, bob, "field")
	f.roll(first, alice, 8) // The field loses; the others are not decided.
	leaders(day(f.now), play.Score{}, play.Score{Player: bob, Rounds: 1, Bets: 1, Staked: 10})
	f.roll(first, alice, 8)
	f.bet(second, bob, "pass_line")
	f.roll(second, bob, 7)
	a, b := play.Score{Player: alice, Rounds: 1, Bets: 1, Staked: 10, Returned: 20}, play.Score{Player: bob, Rounds: 3, Bets: 3, Staked: 30, Returned: 20}
	leaders(day(f.now), play.Score{}, a, b)
	leaders(day(f.now), a, b)
	before := f.now
	f.now = f.now.Add(24 * time.Hour)
	leaders(day(f.now), play.Score{})
	f.bet(second, bob, "pass_line")
	f.roll(second, bob, 11)
	leaders(day(f.now), play.Score{}, play.Score{Player: bob, Rounds: 1, Bets: 1, Staked: 10, Returned: 20})
	b.Rounds, b.Bets, b.Staked, b.Returned = 4, 4, 40, 40
	leaders(play.ScoresAt(play.AllTime, f.now), play.Score{}, a, b)

	scores, err := f.store.Scores(t.Context(), bob, day(before), day(f.now), play.ScoresAt(play.AllTime, f.now), day(f.now.Add(24*time.Hour)))
	if err != nil || len(scores) != 3 || scores[0].Staked+scores[1].Staked != scores[2].Staked {
		t.Errorf("scores = %+v, %v", scores, err)
	}
	n, err := f.store.PruneScores(t.Context(), calendar.Day, day(f.now).Starts, 10)
	if err != nil || n != 2 {
		t.Errorf("%d old scores were pruned, %v", n, err)
	}
	leaders(play.ScoresAt(play.AllTime, f.now), play.Score{}, a, b)

	rolls, err := f.store.Rolls(t.Context(), first, 10)
	if err != nil || len(rolls) != 2 || rolls[0] != (play.RollCount{Total: 8, Call: "point_made", Count: 1}) || rolls[1] != (play.RollCount{Total: 8, Call: "point_set", Count: 1}) {
		t.Errorf("rolls = %+v, %v", rolls, err)
	}
	if rolls, err = f.store.Rolls(t.Context(), first, 1); err != nil || len(rolls) != 1 {
		t.Errorf("the last roll = %+v, %v", rolls, err)
	}
}

// testTies pages through players with equal scores: each is listed once.
func testTies(t *testing.T, f *fixture) {
	players := make(map[uuid.UUID]bool)
	id := f.create(newID())
	for range 3 {
		player := newID()
		players[player] = true
		f.must(f.do(play.Key{Game: id}, func(turn *play.Turn) error { return turn.Join(player) }))
		f.bet(id, player, "next_12")
	}
	f.must(f.do(play.Key{Game: id, All: true}, func(turn *play.Turn) error { return turn.CloseBetting(uuid.Nil) }))
	round, err := f.store.Round(t.Context(), id, 1)
	f.must(err)
	f.must(f.settle(round, play.Decision{Height: 3, BeaconHeight: 4, BeaconSignature: []byte("no twelve")}))
	var after play.Score
	for range 3 {
		page, err := f.store.Leaders(t.Context(), play.ScoresAt(calendar.Week, f.now), after, 1)
		if err != nil || len(page) != 1 || !players[page[0].Player] {
			t.Fatalf("page %+v, %v; left %v", page, err, players)
		}
		after = page[0]
		delete(players, after.Player)
	}
	if page, err := f.store.Leaders(t.Context(), play.ScoresAt(calendar.Week, f.now), after, 1); err != nil || len(page) != 0 {
		t.Errorf("page %+v, %v", page, err)
	}
}

// testManyScores settles rounds of one player at two tables in one transaction.
func testManyScores(t *testing.T, f *fixture) {
	alice := newID()
	games := []uuid.UUID{f.create(alice), f.create(alice)}
	rounds := make([]*play.Round, len(games))
	for i, id := range games {
		f.bet(id, alice, "pass_line")
		f.bet(id, alice, "next_7")
		rounds[i] = f.closeBetting(id, alice)
	}
	f.must(f.store.Update(t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(t.Context(), play.Key{Game: games[0], All: true}, play.Key{Game: games[1], All: true})
		f.must(err)
		for i, turn := range turns {
			f.must(f.prepare(turn).Settle(rounds[i], play.Decision{Height: 3, BeaconHeight: 4, BeaconSignature: []byte{byte(i)}}))
		}
		return tx.Save(t.Context(), turns...)
	}))
	scores, err := f.store.Scores(t.Context(), alice, play.ScoresAt(play.AllTime, f.now))
	if err != nil || len(scores) != 1 || scores[0].Rounds != 2 || scores[0].Bets < 2 {
		t.Errorf("scores = %+v, %v", scores, err)
	}
}
