package postgres

import "testing"

// passed is how many of the next transactions rely on memory.
func passed(d *doubt, transactions int) (n int) {
	for range transactions {
		if d.passes() {
			n++
		}
	}
	return n
}

func TestMemoryThatIsWrongIsLeftAloneForLonger(t *testing.T) {
	var d doubt
	if n := passed(&d, 100); n != 100 || d.deep() {
		t.Errorf("%d of 100 relied on a memory that was never wrong", n)
	}
	tries := 0
	for range 10_000 { // It is wrong whenever it is tried.
		if d.passes() {
			tries++
			d.refute()
		}
	}
	if tries > 20 || !d.deep() {
		t.Errorf("%d tries of a memory that is always wrong", tries)
	}
	if n := passed(&d, 2*maxPause); n < maxPause {
		t.Errorf("once it is right, %d of %d rely on it", n, 2*maxPause)
	}
	for range 20 * enough { // Right for long: the next mistake costs little.
		d.confirm()
	}
	d.refute()
	if n := passed(&d, 10); n < 9 || d.deep() {
		t.Errorf("behind one mistake %d of 10 rely on it", n)
	}
}
