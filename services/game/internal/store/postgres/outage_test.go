package postgres_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres"
)

// TestConnectionCutAtCommit loses the response to a commit: the caller gets UNAVAILABLE, and learns by repeating the request
// that it took effect, once.
func TestConnectionCutAtCommit(t *testing.T) {
	p := testserver.NewFaultProxy(t, testserver.Database(t, "game", postgres.Migrate))
	store, err := postgres.Open(t.Context(), p.URL(), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	bankroll(t, store)
	alice := newID()
	key := play.Key{Game: table(t, store, alice), Player: alice}
	place := func(between func()) (bool, error) {
		return call(t.Context(), store, key, "k", toggle(alice), between)
	}
	if _, err := place(func() { p.DropCommitAnswer(1) }); errs.Reason(err) != errorsv1.Reason_REASON_UNAVAILABLE {
		t.Errorf("a commit without an answer: %v", err)
	}
	if first, err := place(func() {}); err != nil || first {
		t.Errorf("the repeated request: was the first %v, %v", first, err)
	}
	if balance, _, err := store.Balance(t.Context(), ledger.Wallet(alice)); err != nil || balance != rules.Grant-10 {
		t.Errorf("wallet = %d, %v", balance, err)
	}
	expectBalanced(t, store)
}

// TestConnectionCutBeforeCommit loses a connection before anything is committed: the store runs the transaction again by itself.
func TestConnectionCutBeforeCommit(t *testing.T) {
	p := testserver.NewFaultProxy(t, testserver.Database(t, "game", postgres.Migrate))
	store := openURL(t, p.URL())
	bankroll(t, store)
	alice := newID()
	key, runs := play.Key{Game: table(t, store, alice), Player: alice}, 0
	err := store.Update(t.Context(), func(tx play.Tx) error {
		if runs++; runs == 1 {
			p.DropNextAnswer()
		}
		turns, err := tx.Load(t.Context(), key)
		if err != nil {
			return errors.New("the store uses its own error, not this one")
		}
		if err := toggle(alice)(prepare(turns[0])); err != nil {
			return err
		}
		return tx.Save(t.Context(), turns...)
	})
	if err != nil || runs != 2 {
		t.Errorf("%d runs, %v", runs, err)
	}
	expectBalanced(t, store)
}

// TestServerRestartsUnderLoad crashes and restarts PostgreSQL while players play. A player without a response repeats the
// request; every request takes effect once.
func TestServerRestartsUnderLoad(t *testing.T) {
	server := testserver.NewPostgres(t)
	store := openURL(t, server.Database(t, "game", postgres.Migrate))
	bankroll(t, store)
	const players, atLeast = 6, 40
	var playing sync.WaitGroup
	var over atomic.Bool
	var calls [players]atomic.Int64
	var ids [players]uuid.UUID
	for i := range players {
		ids[i] = newID()
		key := play.Key{Game: table(t, store, ids[i]), Player: ids[i]}
		playing.Go(func() {
			for n := int64(1); !over.Load() || n <= atLeast || n%2 == 0; n++ { // An even number of toggles.
				for {
					_, err := call(t.Context(), store, key, fmt.Sprint(n), toggle(key.Player), func() {})
					if err == nil {
						break
					}
					if errs.Reason(err) != errorsv1.Reason_REASON_UNAVAILABLE {
						t.Error(err)
						return
					}
				}
				calls[i].Store(n)
			}
		})
	}
	for _, signal := range []string{"INT", "QUIT"} {
		before := calls[0].Load()
		server.Restart(t, signal)
		for calls[0].Load() <= before && !t.Failed() { // It answers again.
			runtime.Gosched()
		}
	}
	over.Store(true)
	playing.Wait()
	for i, id := range ids {
		balance, _, err := store.Balance(t.Context(), ledger.Wallet(id))
		if err != nil || balance != rules.Grant {
			t.Errorf("after %d calls the wallet is at %d, %v", calls[i].Load(), balance, err)
		}
	}
	expectBalanced(t, store)
}
