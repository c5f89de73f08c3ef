// Package storetest is the test suite that every engine of the store passes. Each bug that is found in a store adds a case.
package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// Open returns a new, empty store, which the suite does not close.
type Open func(t *testing.T) store.Store

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for name, suite := range map[string]func(*testing.T, Open){"players": players, "deletions": deletions, "keys": keys, "sessions": sessions, "devices": devices, "accounts": accounts} {
		t.Run(name, func(t *testing.T) { suite(t, open) })
	}
}

// suite is a store under test.
type suite struct {
	t *testing.T
	store.Store
}

// write runs a transaction that must succeed.
func (s suite) write(f func(ctx context.Context, tx store.Tx) error) {
	s.t.Helper()
	if err := s.Write(s.t.Context(), func(tx store.Tx) error { return f(s.t.Context(), tx) }); err != nil {
		s.t.Fatal(err)
	}
}

// inReadAndWrite runs f, which only reads, in Read and in Write.
func (s suite) inReadAndWrite(f func(ctx context.Context, tx store.Tx) error) {
	s.t.Helper()
	if err := s.Read(s.t.Context(), func(tx store.Tx) error { return f(s.t.Context(), tx) }); err != nil {
		s.t.Fatal(err)
	}
	s.write(f)
}

// at is a time with a fraction of microseconds.
func at(seconds int) time.Time {
	return time.UnixMicro(1_700_000_000_123_456 + int64(seconds)*1e6).UTC()
}

func guest() player.Player {
	return player.Player{ID: uuid.Must(uuid.NewV7()), Kind: apiv1.PlayerKind_PLAYER_KIND_GUEST, Role: optionsv1.Role_ROLE_PLAYER, CreatedAt: at(0)}
}

func players(t *testing.T, open Open) {
	s := suite{t, open(t)}
	want := guest()
	s.write(func(ctx context.Context, tx store.Tx) error { return tx.AddPlayer(ctx, want) })
	check := func(ctx context.Context, tx store.Tx) error {
		got, err := tx.Player(ctx, want.ID)
		if err != nil || got != want {
			t.Errorf("player = %+v, %v; want %+v", got, err, want)
		}
		if got, err := tx.PeekPlayer(ctx, want.ID); err != nil || got != want {
			t.Errorf("player = %+v, %v by PeekPlayer; want %+v", got, err, want)
		}
		for _, find := range []func(context.Context, uuid.UUID) (player.Player, error){tx.Player, tx.PeekPlayer} {
			if _, err := find(ctx, uuid.Must(uuid.NewV7())); !errors.Is(err, player.ErrNotFound) {
				t.Errorf("an unknown player: %v", err)
			}
		}
		return nil // A missing row does not abort a transaction.
	}
	s.inReadAndWrite(check)
	if err := s.Write(t.Context(), func(tx store.Tx) error { return tx.AddPlayer(t.Context(), want) }); err == nil {
		t.Error("a player was added twice")
	}
	want.Kind, want.Role = apiv1.PlayerKind_PLAYER_KIND_ACCOUNT, optionsv1.Role_ROLE_AUDITOR
	s.write(func(ctx context.Context, tx store.Tx) error { return tx.SavePlayer(ctx, want) })
	s.inReadAndWrite(check)
	playersUpdateSerially(s, want)
}

// playersUpdateSerially runs concurrent read-modify-write transactions on one player: no update is lost.
func playersUpdateSerially(s suite, changed player.Player) {
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			err := s.Write(s.t.Context(), func(tx store.Tx) error {
				found, err := tx.Player(s.t.Context(), changed.ID)
				if err != nil {
					return err
				}
				found.Role++
				return tx.SavePlayer(s.t.Context(), found)
			})
			if err != nil {
				s.t.Error(err)
			}
		})
	}
	wg.Wait()
	s.inReadAndWrite(func(ctx context.Context, tx store.Tx) error {
		if got, err := tx.Player(ctx, changed.ID); err != nil || got.Role != changed.Role+16 {
			s.t.Errorf("16 changes led from role %d to %d, %v", changed.Role, got.Role, err)
		}
		return nil
	})
}

// deletions records two, one of them twice.
func deletions(t *testing.T, open Open) {
	s := suite{t, open(t)}
	late, early := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	s.write(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.AddDeletion(ctx, late, at(2)), tx.AddDeletion(ctx, early, at(1)), tx.AddDeletion(ctx, late, at(0)))
	})
	pending := func(most int, want ...uuid.UUID) {
		t.Helper()
		s.inReadAndWrite(func(ctx context.Context, tx store.Tx) error {
			if got, err := tx.Deletions(ctx, most); err != nil || !slices.Equal(got, want) {
				t.Errorf("deletions %v, %v; want %v", got, err, want)
			}
			return nil
		})
	}
	pending(10, early, late)
	pending(1, early)
	s.write(func(ctx context.Context, tx store.Tx) error { return tx.RemoveDeletion(ctx, early) })
	pending(10, late)
}
