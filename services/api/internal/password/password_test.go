package password_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bitcraps/bitcraps/services/api/internal/password"
)

func TestPasswords(t *testing.T) {
	h := password.New([password.SaltSize]byte{9})
	hash, err := h.Hash(t.Context(), "correct horse", [password.SaltSize]byte{1})
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%s, %v", hash, err)
	}
	if other, _ := h.Hash(t.Context(), "correct horse", [password.SaltSize]byte{2}); other == hash {
		t.Error("the salt has no effect")
	}
	for text, want := range map[string]bool{"correct horse": true, "Correct horse": false, "": false} {
		if ok, err := h.Check(t.Context(), text, hash); err != nil || ok != want {
			t.Errorf("%q: %v, %v", text, ok, err)
		}
	}
	if ok, err := h.Check(t.Context(), "correct horse", ""); err != nil || ok {
		t.Errorf("without a hash: %v, %v", ok, err)
	}
	// Parameters of an earlier release.
	if ok, err := h.Check(t.Context(), "password", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$"+"Kw"); err == nil || ok {
		t.Errorf("a short hash: %v, %v", ok, err)
	}
	for _, damaged := range []string{"x", "$argon2id$v=19$m=99999999,t=2,p=1$AA$AA", "$argon2id$v=19$m=8,t=0,p=1$AA$AA", strings.TrimSuffix(hash, hash[len(hash)-5:])} {
		if ok, err := h.Check(t.Context(), "x", damaged); err == nil || ok {
			t.Errorf("%s: %v, %v", damaged, ok, err)
		}
	}
}

// TestHashingIsBounded submits more passwords than fit into the slots and the queue.
func TestHashingIsBounded(t *testing.T) {
	h := password.New([password.SaltSize]byte{9})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	var busy, other atomic.Int32
	for range 200 {
		wg.Go(func() {
			switch _, err := h.Hash(ctx, "x", [password.SaltSize]byte{1}); {
			case errors.Is(err, password.ErrBusy):
				if busy.Add(1) == 1 {
					cancel() // Stop the waiting ones.
				}
			case err != nil && !errors.Is(err, context.Canceled):
				other.Add(1)
			}
		})
	}
	wg.Wait()
	if busy.Load() == 0 || other.Load() != 0 {
		t.Errorf("%d were refused, %d failed", busy.Load(), other.Load())
	}
	if _, err := h.Hash(t.Context(), "x", [password.SaltSize]byte{1}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func BenchmarkCheck(b *testing.B) {
	h := password.New([password.SaltSize]byte{9})
	for b.Loop() {
		if _, err := h.Check(b.Context(), "correct horse", ""); err != nil {
			b.Fatal(err)
		}
	}
}
