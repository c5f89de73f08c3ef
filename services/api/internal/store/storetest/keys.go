package storetest

import (
	"context"
	"crypto/ed25519"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/services/api/internal/signing"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

func keys(t *testing.T, open Open) {
	s := suite{t, open(t)}
	var wg sync.WaitGroup
	for i := range 4 { // Replicas that start at the same time agree on one key.
		wg.Go(func() {
			err := s.Write(t.Context(), func(tx store.Tx) error {
				all, err := tx.Keys(t.Context())
				if err != nil || len(all) > 0 {
					return err
				}
				return tx.AddKey(t.Context(), newKey(t, strconv.Itoa(i), 0))
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var first signing.Key
	second := newKey(t, "second", 1)
	s.write(func(ctx context.Context, tx store.Tx) error {
		all, err := tx.Keys(ctx)
		if err != nil || len(all) != 1 {
			t.Errorf("%d keys, %v", len(all), err)
			return err
		}
		first = all[0]
		return tx.AddKey(ctx, second)
	})
	want := func(want ...signing.Key) {
		t.Helper()
		s.inReadAndWrite(func(ctx context.Context, tx store.Tx) error {
			got, err := tx.Keys(ctx)
			if err != nil || len(got) != len(want) {
				t.Errorf("%d keys, %v; want %d", len(got), err, len(want))
				return err
			}
			for i := range want {
				if !got[i].Private.Equal(want[i].Private) || got[i].ID != want[i].ID || !got[i].SignsFrom.Equal(want[i].SignsFrom) || got[i].TokenLife != want[i].TokenLife {
					t.Errorf("key %d is %+v, want %+v", i, got[i], want[i])
				}
			}
			return nil
		})
	}
	want(second, first)
	s.write(func(ctx context.Context, tx store.Tx) error { return tx.RemoveKey(ctx, first.ID) })
	want(second)
}

func newKey(t *testing.T, id string, seconds int) signing.Key {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Error(err)
	}
	return signing.Key{ID: id, Private: private, CreatedAt: at(seconds), SignsFrom: at(seconds + 900), TokenLife: 10 * time.Minute}
}
