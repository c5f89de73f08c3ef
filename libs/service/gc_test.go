package service

import "testing"

func TestLargeHeapsGrowByLess(t *testing.T) {
	for live, want := range map[uint64]int{0: 200, 10 << 20: 200, 48 << 20: 200, 128 << 20: 75, 1 << 30: 50} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d MiB live: GOGC %d, want %d", live>>20, got, want)
		}
	}
}
