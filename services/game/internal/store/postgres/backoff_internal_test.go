package postgres

import "testing"

// allowed returns how many of the next transactions may use the cache.
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
		t.Errorf("%d of 100 used a cache without conflicts", n)
	}
	tries := 0
	for range 10_000 { // Every use is a conflict.
		if d.allows() {
			tries++
			d.conflict()
		}
	}
	if tries > 20 || !d.deep() {
		t.Errorf("%d uses of a cache that always conflicts", tries)
	}
	if n := allowed(&d, 2*maxPause); n < maxPause {
		t.Errorf("without more conflicts, %d of %d used it", n, 2*maxPause)
	}
	for range 20 * successesToHalve { // After many successes the next conflict costs little.
		d.success()
	}
	d.conflict()
	if n := allowed(&d, 10); n < 9 || d.deep() {
		t.Errorf("after one conflict %d of 10 used it", n)
	}
}
