package fairqueue

import "testing"

// TestWhoLeavesSomethingTellsTheNext has two who find nothing, and items that come before either of them has begun to wait:
// there is one token for both.
func TestWhoLeavesSomethingTellsTheNext(t *testing.T) {
	q := New[int, int](2, 1)
	for range 2 {
		if items, closed := q.take(1); items != nil || closed {
			t.Fatalf("took %v of nothing, closed %v", items, closed)
		}
	}
	for key := range 2 {
		if err := q.Put(key, key); err != nil {
			t.Fatal(err)
		}
	}
	for who := range 2 {
		select {
		case <-q.filled:
		default:
			t.Fatalf("number %d is not told, and %d wait", who, q.Len())
		}
		if items, _ := q.take(1); len(items) != 1 {
			t.Errorf("number %d took %v", who, items)
		}
	}
	select {
	case <-q.filled:
		t.Error("somebody is told of an empty queue")
	default:
	}
}
