package postgres

import "testing"

// allowed is how many of the next transactions rely on the cache.
func allowed(d *backoff, transactions int) (n int) {
	for range transactions {
		if d.allows() {
			n++
		}
	}
	return n
}

func TestBackoffGrowsWithConflicts(t *testing.T) {
	var d backoff
	if n := allowed(&d, 100); n != 100 || d.deep() {
		t.Errorf("%d of 100 relied on a cache that was never wrong", n)
	}
	tries := 0
	for range 10_000 { // It is wrong whenever it is tried.
		if d.allows() {
			tries++
			d.conflict()
		}
	}
	if tries > 20 || !d.deep() {
		t.Errorf("%d tries of a cache that is always wrong", tries)
	}
	if n := allowed(&d, 2*maxPause); n < maxPause {
		t.Errorf("once it is right, %d of %d rely on it", n, 2*maxPause)
	}
	for range 20 * successesToHalve { // Right for long: the next mistake costs little.
		d.success()
	}
	d.conflict()
	if n := allowed(&d, 10); n < 9 || d.deep() {
		t.Errorf("behind one mistake %d of 10 rely on it", n)
	}
}
