package fairqueue_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bitcraps/bitcraps/services/game/internal/fairqueue"
)

func TestKeysAreServedRoundRobin(t *testing.T) {
	q := fairqueue.New[string, string](100, 50)
	for _, item := range []string{"a1", "a2", "a3", "a4", "b1", "b2", "c1"} {
		if err := q.Put(item[:1], item); err != nil {
			t.Fatal(err)
		}
	}
	if got := q.Take(t.Context(), 5); !slices.Equal(got, []string{"a1", "b1", "c1", "a2", "b2"}) {
		t.Errorf("first %v", got)
	}
	if got := q.Take(t.Context(), 5); !slices.Equal(got, []string{"a3", "a4"}) || q.Len() != 0 {
		t.Errorf("then %v, %d left", got, q.Len())
	}
}

func TestBoundsOfQueueAndKey(t *testing.T) {
	q := fairqueue.New[int, int](5, 2)
	for i, want := range []error{nil, nil, fairqueue.ErrFull} {
		if err := q.Put(1, i); !errors.Is(err, want) {
			t.Errorf("item %d of one key: %v", i, err)
		}
	}
	for key, want := range map[int]error{2: nil, 3: nil, 4: nil} {
		if err := q.Put(key, 0); !errors.Is(err, want) {
			t.Errorf("item of key %d: %v", key, err)
		}
	}
	if err := q.Put(5, 0); !errors.Is(err, fairqueue.ErrFull) {
		t.Errorf("item over the queue's bound: %v", err)
	}
	q.Close()
	if err := q.Put(6, 0); !errors.Is(err, fairqueue.ErrClosed) {
		t.Errorf("item after Close: %v", err)
	}
	if got := q.Take(t.Context(), 10); len(got) != 5 {
		t.Errorf("took %v after Close, want all 5 items", got)
	}
	if got := q.Take(t.Context(), 10); got != nil {
		t.Errorf("took %v from a closed, empty queue", got)
	}
}

func TestConcurrentUseLosesNothing(t *testing.T) {
	const producers, each = 32, 500
	q := fairqueue.New[int, int](producers*each, each)
	var puts, takes sync.WaitGroup
	var mu sync.Mutex
	seen := make(map[int]bool)
	for range 3 {
		takes.Go(func() {
			for items := q.Take(context.Background(), 7); items != nil; items = q.Take(context.Background(), 7) {
				mu.Lock()
				for _, item := range items {
					if seen[item] {
						t.Errorf("%d was taken twice", item)
					}
					seen[item] = true
				}
				mu.Unlock()
			}
		})
	}
	for p := range producers {
		puts.Go(func() {
			for i := range each {
				if err := q.Put(p, p*each+i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	puts.Wait()
	q.Close()
	takes.Wait()
	if len(seen) != producers*each {
		t.Errorf("%d of %d items were taken", len(seen), producers*each)
	}
}

// TestCloseWakesAllConsumers fails by a deadlock if a consumer is not woken.
func TestCloseWakesAllConsumers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := fairqueue.New[int, int](1, 1)
		var takes sync.WaitGroup
		for range 2 {
			takes.Go(func() {
				if got := q.Take(t.Context(), 1); got != nil {
					t.Errorf("took %v", got)
				}
			})
		}
		synctest.Wait() // Both block.
		q.Close()
		takes.Wait()
	})
}

func TestTakeEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := fairqueue.New[int, int](1, 1).Take(ctx, 1); got != nil {
		t.Errorf("took %v", got)
	}
}

func BenchmarkQueue(b *testing.B) {
	q := fairqueue.New[int, int](1<<20, 1<<20)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_ = q.Put(i%64, i)
		if i%64 == 63 {
			q.Take(context.Background(), 64)
		}
	}
}
