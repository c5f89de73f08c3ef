package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

func testPages(t *testing.T, f *fixture) {
	alice := newID()
	var created []uuid.UUID
	for range 5 {
		created = append(created, f.create(alice))
	}
	var seen []uuid.UUID
	for after := uuid.Nil; ; after = seen[len(seen)-1] {
		games, err := f.store.OpenGames(t.Context(), after, 2)
		f.must(err)
		for _, game := range games {
			seen = append(seen, game.ID)
		}
		if len(games) < 2 {
			break
		}
	}
	for i, id := range seen {
		if len(seen) != len(created) || id != created[len(created)-1-i] {
			t.Fatalf("games %v, created %v", seen, created)
		}
	}
	for range 3 {
		f.bet(created[0], alice, "pass_line")
		f.roll(created[0], alice, 7)
	}
	rounds, err := f.store.Rounds(t.Context(), created[0], 3, 5)
	if err != nil || len(rounds) != 2 || rounds[0].Number != 2 || rounds[1].Number != 1 {
		t.Errorf("rounds below 3 = %v, %v", rounds, err)
	}
	won, err := f.store.Bets(t.Context(), created[0], alice, play.Won, uuid.Nil, 2)
	f.must(err)
	more, err := f.store.Bets(t.Context(), created[0], alice, play.Won, won[1].ID, 2)
	if err != nil || len(won) != 2 || len(more) != 1 {
		t.Errorf("won bets: %d, then %d, %v", len(won), len(more), err)
	}
	want := []uuid.UUID{f.bet(created[0], alice, "hard_8").ID, f.bet(created[0], alice, "hard_4").ID}
	slices.Reverse(want)
	want = append(want, won[0].ID, won[1].ID, more[0].ID)
	var listed []uuid.UUID
	for after := uuid.Nil; len(listed) < len(want); after = listed[len(listed)-1] { // Live and decided bets, some pages of both.
		bets, err := f.store.Bets(t.Context(), created[0], alice, 0, after, 3)
		f.must(err)
		if len(bets) == 0 {
			break
		}
		for _, bet := range bets {
			listed = append(listed, bet.ID)
		}
	}
	if !slices.Equal(listed, want) {
		t.Errorf("all bets: %v, want %v", listed, want)
	}
	live, err := f.store.Bets(t.Context(), created[0], alice, play.Live, want[0], 3)
	if err != nil || len(live) != 1 || live[0].ID != want[1] {
		t.Errorf("live bets after the newest: %v, %v", live, err)
	}
}

func testEntries(t *testing.T, f *fixture) {
	alice := newID()
	id := f.create(alice)
	bet := f.bet(id, alice, "pass_line")
	f.roll(id, alice, 11)
	all, err := f.store.Entries(t.Context(), alice, 0, 10)
	f.must(err)
	want := []struct {
		reason          ledger.Reason
		amount, balance int64
	}{{ledger.Win, 10, 1010}, {ledger.StakeBack, 10, 1000}, {ledger.Stake, -10, 990}, {ledger.Grant, 1000, 1000}}
	if len(all) != len(want) {
		t.Fatalf("entries = %+v", all)
	}
	for i, w := range want {
		if e := all[i]; e.Reason != w.reason || e.Amount != w.amount || e.Balance != w.balance {
			t.Errorf("entry %d = %+v, want %+v", i, e, w)
		}
	}
	if e := all[0]; e.Bet != bet.ID || e.Game != id || e.Round != 1 || !e.At.Equal(f.now) {
		t.Errorf("entry = %+v", e)
	}
	var paged []play.Entry
	for below := int64(0); len(paged) < len(all); below = paged[len(paged)-1].ID {
		page, err := f.store.Entries(t.Context(), alice, below, 1)
		if err != nil || len(page) != 1 {
			t.Fatalf("entries below %d = %+v, %v", below, page, err)
		}
		paged = append(paged, page...)
	}
	if !slices.Equal(paged, all) {
		t.Errorf("entries one by one = %+v, want %+v", paged, all)
	}
	if rest, err := f.store.Entries(t.Context(), alice, all[3].ID, 1); err != nil || len(rest) != 0 {
		t.Errorf("entries below the first = %+v, %v", rest, err)
	}
	bob := newID() // Bob's transfers are interleaved with those of alice.
	f.must(f.do(play.Key{Game: id}, func(turn *play.Turn) error { return turn.Join(bob) }))
	f.bet(id, bob, "field")
	f.bet(id, alice, "field")
	bobs, err := f.store.Entries(t.Context(), bob, 0, 1)
	f.must(err)
	for name, below := range map[string]int64{"another wallet's": bobs[0].ID, "none": bobs[0].ID + 1000} {
		if entries, err := f.store.Entries(t.Context(), alice, below, 10); !errors.Is(err, play.ErrNotFound) {
			t.Errorf("entries below %s = %+v, %v", name, entries, err)
		}
	}
}

func testDue(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	id, quiet := f.create(alice), f.create(alice)
	f.must(f.do(play.Key{Game: id}, func(turn *play.Turn) error { return turn.Join(bob) }))
	f.bet(id, bob, "field")
	for after, want := range map[time.Duration]int{0: 0, rules.ShooterTimeout: 1} {
		due, err := f.store.TurnsDue(t.Context(), f.now.Add(after), 10)
		if err != nil || len(due) != want {
			t.Errorf("due after %s: %v, %v", after, due, err)
		}
	}
	idle, err := f.store.IdleGames(t.Context(), f.now.Add(-time.Microsecond), 10)
	if err != nil || len(idle) != 0 {
		t.Errorf("idle = %v, %v", idle, err)
	}
	f.now = f.now.Add(time.Hour)
	f.bet(id, alice, "field")
	idle, err = f.store.IdleGames(t.Context(), f.now.Add(-time.Minute), 10)
	if err != nil || len(idle) != 1 || idle[0] != quiet {
		t.Errorf("idle = %v, %v", idle, err)
	}
}

func testRequests(t *testing.T, f *fixture) {
	alice, bob := newID(), newID()
	save := func(player uuid.UUID, id string, at time.Time) error {
		return f.store.Update(t.Context(), func(tx play.Tx) error {
			return tx.SaveRequests(t.Context(), map[play.RequestKey]play.Request{{Player: player, ID: id}: {Fingerprint: []byte{1}, Response: []byte{2, 3}, At: at}})
		})
	}
	known := func(player uuid.UUID, id string) (request play.Request, ok bool) {
		f.must(f.store.Update(t.Context(), func(tx play.Tx) (err error) {
			key := play.RequestKey{Player: player, ID: id}
			all, err := tx.Requests(t.Context(), play.RequestKey{Player: newID(), ID: id}, key)
			request, ok = all[key]
			return err
		}))
		return request, ok
	}
	f.must(save(alice, "k", f.now))
	f.must(save(alice, "k2", f.now.Add(time.Hour)))
	f.must(save(bob, "k", f.now.Add(time.Hour)))
	if err := save(alice, "k", f.now); err == nil {
		t.Error("a request was saved twice")
	}
	if r, ok := known(alice, "k"); !ok || string(r.Fingerprint) != "\x01" || string(r.Response) != "\x02\x03" || !r.At.Equal(f.now) {
		t.Errorf("request = %+v, %v", r, ok)
	}
	n, err := f.store.PruneRequests(t.Context(), f.now.Add(time.Minute), 10)
	if _, ok := known(alice, "k"); ok || n != 1 || err != nil {
		t.Errorf("%d pruned, the old one is there: %v, %v", n, ok, err)
	}
	if _, ok := known(bob, "k"); !ok {
		t.Error("a recent request was pruned")
	}
}
