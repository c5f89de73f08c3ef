package load_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/loadtest/internal/load"
)

func TestLatencyOf(t *testing.T) {
	var took []time.Duration
	for i := range 101 {
		took = append(took, time.Duration(100-i)*time.Millisecond)
	}
	if got, want := load.LatencyOf(took), (load.Latency{Count: 101, Mean: 50, P50: 50, P95: 95, P99: 99, Max: 100}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := load.LatencyOf(nil); got != (load.Latency{}) {
		t.Errorf("without calls: %+v", got)
	}
}

// fakeTable counts calls, and fails at one of the bets.
type fakeTable struct {
	guests, tables, bets int
	failAt               int
}

var errClosed = errors.New("closed")

func (t *fakeTable) Guest(context.Context) error  { t.guests++; return nil }
func (t *fakeTable) Create(context.Context) error { t.tables++; return nil }
func (t *fakeTable) Bet(context.Context, string, int64) error {
	if t.bets++; t.bets == t.failAt {
		return errClosed
	}
	return nil
}

// blockingTable is a table whose bets block until the context ends.
type blockingTable struct{ *fakeTable }

func (blockingTable) Bet(ctx context.Context, _ string, _ int64) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestErrorEndsRun has the second of two players fail, and the first only as a consequence: the run returns the second's error.
func TestErrorEndsRun(t *testing.T) {
	tables := []load.Table{blockingTable{&fakeTable{}}, &fakeTable{failAt: 1}}
	dialled := 0
	_, err := load.Run(t.Context(), len(tables), time.Millisecond, func() (load.Caller, error) {
		dialled++
		return &load.Bets{Table: tables[dialled-1]}, nil
	})
	if !errors.Is(err, errClosed) {
		t.Errorf("the run ended with %v", err)
	}
}

// uncancellableCaller is a caller that ignores the context, like those over REST.
type uncancellableCaller func() error

func (uncancellableCaller) Next(context.Context) error   { return nil }
func (d uncancellableCaller) Call(context.Context) error { return d() }

// TestContextEndsRun has a caller's first call cancel the context. There must be no second call.
func TestContextEndsRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err := load.Run(ctx, 1, time.Hour, func() (load.Caller, error) {
		return uncancellableCaller(func() error {
			cancel()
			if calls++; calls > 1 {
				return errClosed
			}
			return nil
		}), nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the run ended with %v", err)
	}
}

// TestGuestChangesTables checks that bets are those that the rules accept: each wager once per table, and no more than a guest's tokens.
func TestGuestChangesTables(t *testing.T) {
	placed := map[string]int{}
	tb := &fakeTable{}
	bets := &load.Bets{Table: recordingTable{tb, placed}}
	for range 1_000 {
		if err := bets.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := bets.Call(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for wager, n := range placed {
		if n > 1 {
			t.Errorf("%s was placed %d times", wager, n)
		}
	}
	if tb.bets > tb.guests*1_000 {
		t.Errorf("%d tokens bet by %d guests", tb.bets, tb.guests)
	}
}

// recordingTable counts bets by wager and table.
type recordingTable struct {
	*fakeTable
	placed map[string]int
}

func (r recordingTable) Bet(ctx context.Context, wager string, amount int64) error {
	r.placed[fmt.Sprintf("%s at table %d", wager, r.tables)]++
	return r.fakeTable.Bet(ctx, wager, amount)
}
