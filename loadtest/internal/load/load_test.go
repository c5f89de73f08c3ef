package load_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/loadtest/internal/load"
)

func TestLatencyIsThatOfTheCalls(t *testing.T) {
	var took []time.Duration
	for i := range 101 {
		took = append(took, time.Duration(100-i)*time.Millisecond)
	}
	if got, want := load.LatencyOf(took), (load.Latency{Count: 101, Mean: 50, P50: 50, P95: 95, P99: 99, Max: 100}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := load.LatencyOf(nil); got != (load.Latency{}) {
		t.Errorf("of nothing %+v", got)
	}
}

// table fails behind some bets, and counts what was asked of it.
type table struct {
	guests, tables, bets int
	failAt               int
}

var errClosed = errors.New("closed")

func (t *table) Guest(context.Context) error  { t.guests++; return nil }
func (t *table) Create(context.Context) error { t.tables++; return nil }
func (t *table) Bet(context.Context, string, int64) error {
	if t.bets++; t.bets == t.failAt {
		return errClosed
	}
	return nil
}

// patient is a table whose bets are answered when nobody waits for them any more.
type patient struct{ *table }

func (patient) Bet(ctx context.Context, _ string, _ int64) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestOneErrorEndsARun has the second of two players fail, and the first only because of that: what is reported is the second's
// error, not a figure.
func TestOneErrorEndsARun(t *testing.T) {
	tables := []load.Table{patient{&table{}}, &table{failAt: 1}}
	dialled := 0
	_, err := load.Run(t.Context(), len(tables), time.Millisecond, func() (load.Caller, error) {
		dialled++
		return &load.Bets{Table: tables[dialled-1]}, nil
	})
	if !errors.Is(err, errClosed) {
		t.Errorf("the run ended with %v", err)
	}
}

// deaf is a caller who does not look at the context, as those over REST.
type deaf func() error

func (deaf) Next(context.Context) error   { return nil }
func (d deaf) Call(context.Context) error { return d() }

// TestARunEndsWithItsContext has a caller's first call end it. There must be no second one.
func TestARunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err := load.Run(ctx, 1, time.Hour, func() (load.Caller, error) {
		return deaf(func() error {
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

// TestAGuestMovesOn holds a player's bets to what the rules take: a wager once at a table, and no more than its tokens.
func TestAGuestMovesOn(t *testing.T) {
	placed := map[string]int{}
	tb := &table{}
	bets := &load.Bets{Table: recording{tb, placed}}
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

// recording notes what was placed where.
type recording struct {
	*table
	placed map[string]int
}

func (r recording) Bet(ctx context.Context, wager string, amount int64) error {
	r.placed[fmt.Sprintf("%s at table %d", wager, r.tables)]++
	return r.table.Bet(ctx, wager, amount)
}
