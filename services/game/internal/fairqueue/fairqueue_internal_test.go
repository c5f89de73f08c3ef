package fairqueue

import "testing"

// TestTakeSignalsNextConsumer has two consumers find the queue empty, and items put before either of them has begun to wait:
// there is one token for both.
func TestTakeSignalsNextConsumer(t *testing.T) {
	q := New[int, int](2, 1)
	for range 2 {
		if items, closed := q.take(1); items != nil || closed {
			t.Fatalf("took %v from an empty queue, closed %v", items, closed)
		}
	}
	for key := range 2 {
		if err := q.Put(key, key); err != nil {
			t.Fatal(err)
		}
	}
	for consumer := range 2 {
		select {
		case <-q.ready:
		default:
			t.Fatalf("consumer %d is not signalled, and %d items wait", consumer, q.Len())
		}
		if items, _ := q.take(1); len(items) != 1 {
			t.Errorf("consumer %d took %v", consumer, items)
		}
	}
	select {
	case <-q.ready:
		t.Error("an empty queue is signalled")
	default:
	}
}
