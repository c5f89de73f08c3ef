package signing_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/services/api/internal/signing"
)

// TestKeyRotation simulates months of rotation at random intervals. At any time exactly one key signs, it was published long enough
// before, every token can be verified until it expires, and there are few keys.
func TestKeyRotation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		life := time.Duration(rapid.IntRange(2, 60*24).Draw(t, "life in hours")) * time.Hour
		now := time.UnixMicro(1_700_000_000_000_000)
		var keys []signing.Key
		signed := map[string]time.Time{} // When a key's last token expires.
		for step := range 300 {
			tokens := time.Duration(rapid.IntRange(1, 24*60).Draw(t, "minutes of a token")) * time.Minute // As configured now.
			missing, from, retired := signing.Due(keys, now, life)
			if missing {
				if len(keys) > 0 && from.Sub(now) < signing.Lead {
					t.Fatalf("a key signs %s after its creation", from.Sub(now))
				}
				keys = slices.Insert(keys, 0, signing.Key{ID: fmt.Sprint(step), CreatedAt: now, SignsFrom: from, TokenLife: tokens})
			}
			keys = slices.DeleteFunc(keys, func(k signing.Key) bool { return slices.Contains(retired, k.ID) })
			for id, ends := range signed {
				if ends.After(now) && !slices.ContainsFunc(keys, func(k signing.Key) bool { return k.ID == id }) {
					t.Fatalf("key %s is gone at %s, but its tokens live until %s", id, now, ends)
				}
			}
			signer, ok := signing.Signer(keys, now)
			if !ok {
				t.Fatal("no key signs")
			}
			if ends := now.Add(signer.Life(tokens)); ends.After(signed[signer.ID]) {
				signed[signer.ID] = ends
			}
			if again, _, _ := signing.Due(keys, now, life); again {
				t.Fatal("a key is due right after one was added")
			}
			if bound := int(24*time.Hour/life) + 4; len(keys) > bound {
				t.Fatalf("%d keys, want at most %d", len(keys), bound)
			}
			now = now.Add(time.Duration(rapid.IntRange(1, 12*60).Draw(t, "minutes")) * time.Minute)
		}
	})
}
