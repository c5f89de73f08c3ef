// Package storetest is the suite that every implementation of player.Store passes. Each bug that is found in a store
// adds a case.
package storetest

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
)

// Run tests stores. open returns a new empty one, which the suite does not close.
func Run(t *testing.T, open func(t *testing.T) player.Store) {
	t.Run("players come back", func(t *testing.T) {
		store := open(t)
		want := player.Player{ID: uuid.Must(uuid.NewV7()), Kind: apiv1.PlayerKind_PLAYER_KIND_GUEST, CreatedAt: time.UnixMicro(1_700_000_000_123_456).UTC()}
		if err := store.AddPlayer(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if got, err := store.Player(t.Context(), want.ID); err != nil || got != want {
			t.Errorf("player = %+v, %v; want %+v", got, err, want)
		}
		if err := store.AddPlayer(t.Context(), want); err == nil {
			t.Error("a player was added twice")
		}
		if _, err := store.Player(t.Context(), uuid.Must(uuid.NewV7())); !errors.Is(err, player.ErrNotFound) {
			t.Errorf("a stranger: %v", err)
		}
	})
	t.Run("the first key stays the first", func(t *testing.T) {
		store := open(t)
		var first player.Key
		for _, id := range []string{"a", "b"} {
			_, private, err := ed25519.GenerateKey(nil)
			if err != nil {
				t.Fatal(err)
			}
			key := player.Key{ID: id, Private: private, CreatedAt: time.UnixMicro(1).UTC()}
			if id == "a" {
				first = key
			}
			if err := store.AddFirstKey(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		keys, err := store.Keys(t.Context())
		if err != nil || len(keys) != 1 || keys[0].ID != "a" || !keys[0].Private.Equal(first.Private) || !keys[0].CreatedAt.Equal(first.CreatedAt) {
			t.Errorf("keys = %+v, %v", keys, err)
		}
	})
}
