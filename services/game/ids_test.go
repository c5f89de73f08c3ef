package game

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
)

// TestIDsIncrease has the clock stand still, advance and step back.
func TestIDsIncrease(t *testing.T) {
	start := time.Unix(1_700_000_000, 123_456_789)
	clock, last := clockwork.NewFakeClockAt(start), uuid.Nil
	made := ids{clock: clock}
	for _, step := range []time.Duration{0, time.Microsecond, time.Millisecond, -time.Minute, time.Hour} {
		clock.Advance(step)
		for range 5000 { // More than the ids of one millisecond.
			id := made.next()
			if bytes.Compare(id[:], last[:]) <= 0 || id.Version() != 7 || id.Variant() != uuid.RFC4122 {
				t.Fatalf("%s follows %s", id, last)
			}
			if seconds, _ := id.Time().UnixTime(); last == uuid.Nil && seconds != start.Unix() {
				t.Errorf("%s has a timestamp of %d", id, seconds)
			}
			last = id
		}
	}
}
