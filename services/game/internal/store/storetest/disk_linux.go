package storetest

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// maxUntilFull bounds how many requests a full disk may still accept, in the space that the store has allocated already.
const maxUntilFull = 10_000

// FullDisk fills the disk of an empty store. The first request without space is refused and rolled back, reads still work, and
// the same request takes effect, once, when there is space again.
func FullDisk(t *testing.T, store play.Store, disk *testserver.Disk) {
	f := newFixture(t, store)
	alice := newID()
	key := play.Key{Game: f.create(alice), Player: alice}
	_, err := f.toggle(key, "first") // It opens the wallet.
	f.must(err)
	disk.Fill(t)
	var id string
	var before state
	for n := 0; err == nil; n++ {
		if n == maxUntilFull {
			t.Fatalf("the full disk accepted %d requests", n)
		}
		id, before = fmt.Sprint(n), f.readState(key)
		_, err = f.toggle(key, id)
	}
	if errs.Reason(err) != errorsv1.Reason_REASON_STORAGE_FULL {
		t.Fatalf("request %s: %v", id, err)
	}
	t.Logf("request %s was the first without space", id)
	if after := f.readState(key); after != before {
		t.Errorf("the refused request changed %+v to %+v", before, after)
	}
	f.audit()
	disk.FreeAll(t)
	for _, want := range []bool{true, false} {
		if first, err := f.toggle(key, id); err != nil || first != want {
			t.Errorf("the same request with space: first %v, %v; want %v", first, err, want)
		}
	}
	if after := f.readState(key); after.live == before.live || after.wallet+after.escrow != rules.Grant || after.sequence != before.sequence+1 {
		t.Errorf("the repeated request changed %+v to %+v", before, after)
	}
	f.audit()
}

// state is everything that a request can change.
type state struct {
	wallet, escrow, reserve, house int64
	live, transfers                int
	sequence                       uint64
}

func (f *fixture) readState(key play.Key) state {
	f.t.Helper()
	game, err := f.store.Game(f.t.Context(), key.Game)
	f.must(err)
	live, err := f.store.LiveBets(f.t.Context(), key.Game)
	f.must(err)
	entries, err := f.store.Entries(f.t.Context(), key.Player, 0, 2*maxUntilFull)
	f.must(err)
	return state{
		wallet: f.balance(ledger.Wallet(key.Player)), escrow: f.balance(ledger.Escrow(key.Game)),
		reserve: f.balance(ledger.Reserve(key.Game)), house: f.balance(ledger.House),
		live: len(live), transfers: len(entries), sequence: game.Sequence,
	}
}

// toggle runs a request that takes the player's bet back if there is one, and else places one. It reports whether the
// request is the first with its id.
func (f *fixture) toggle(key play.Key, id string) (first bool, err error) {
	ctx, request := f.t.Context(), play.RequestKey{Player: key.Player, ID: id}
	err = f.store.Update(ctx, func(tx play.Tx) error {
		turns, err := tx.Load(ctx, key)
		if err != nil {
			return err
		}
		known, err := tx.Requests(ctx, request)
		if first = len(known) == 0; err != nil || !first {
			return err
		}
		if err := toggleBet(f.prepare(turns[0]), key.Player); err != nil {
			return err
		}
		if err := tx.Save(ctx, turns...); err != nil {
			return err
		}
		return tx.SaveRequests(ctx, map[play.RequestKey]play.Request{request: {Fingerprint: []byte{1}, Response: []byte{2}, At: f.now}})
	})
	return first, err
}

func toggleBet(turn *play.Turn, player uuid.UUID) error {
	if len(turn.Bets) > 0 {
		return turn.RemoveBet(turn.Bets[0])
	}
	_, err := turn.PlaceBet(play.NewBet{Player: player, Wager: "field", Amount: 10})
	return err
}
