package chain_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// placed is a fault at a validator.
type placed struct {
	fault
	at int
}

func (p placed) String() string { return fmt.Sprintf("%s at %d", p.name, p.at) }

// full is true if the whole matrix is requested, and not only a sample of it.
var full = os.Getenv("BITCRAPS_FAULTS") == "all"

// healing is within what time after the end of a fault rounds must be decided again.
const healing = 5 * time.Second

// TestFaults injects faults of up to f validators while rounds are in flight. After each case no two validators have decided
// differently, no share was made early, and everything that was submitted is decided everywhere and stays so.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("runs chains of processes for a minute")
	}
	for _, n := range []int{4, 7} {
		t.Run(fmt.Sprintf("validators=%d", n), func(t *testing.T) { matrix{t: t, n: n, test: (*fleet).endure}.run(cases(n)) })
	}
}

// cases are each fault alone, two at a time, and network-wide faults at all validators. Two faults are at two validators if there are
// seven, which is the most that they tolerate, and at the same one if there are four. The sample has some of each.
func cases(n int) (all [][]placed) {
	f := (n - 1) / 3
	for k, first := range faults {
		sampled := n == 4 && k%5 == 0
		if full || sampled {
			all = append(all, []placed{{first, k % n}})
		}
		if first.everywhere && (full || sampled) {
			var everywhere []placed
			for i := range n {
				everywhere = append(everywhere, placed{first, i})
			}
			all = append(all, everywhere)
		}
		for l, second := range faults[k:] {
			both := []placed{{first, (k + l) % n}, {second, (k + l + f - 1) % n}}
			switch {
			case f == 1 && (l == 0 || first.down || second.down), first.equivocates && second.equivocates:
			case full, n == 7 && k%8 == 3 && l == len(faults)/2:
				all = append(all, both)
			}
		}
	}
	return all
}

// matrix runs cases one after the other, on the same fleet as long as it stays usable.
type matrix struct {
	t     *testing.T
	n     int
	test  func(*fleet, *testing.T, []placed)
	fleet *fleet
}

func (m matrix) run(all [][]placed) {
	for _, faults := range all {
		if m.fleet == nil {
			m.fleet = newFleet(m.t, m.n)
			m.fleet.ready(m.t)
		}
		names := make([]string, len(faults))
		for i, p := range faults {
			names[i] = p.String()
		}
		ok := m.t.Run(strings.Join(names, " and "), func(t *testing.T) {
			if m.fleet.disks == nil && slices.ContainsFunc(faults, func(p placed) bool { return p.fillsDisk }) {
				withoutDisk(t)
			}
			m.fleet.t = t // The resources of a fault live as long as this subtest.
			m.test(m.fleet, t, faults)
		})
		if !ok || slices.ContainsFunc(faults, func(p placed) bool { return p.equivocates || p.ruins && len(faults) > (m.n-1)/3 }) {
			m.fleet.end()
			m.fleet = nil
		}
	}
}

// within waits for a condition, and returns how long it took.
func (f *fleet) within(t testing.TB, limit time.Duration, what string, condition func() bool) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for start := time.Now(); ; {
		if condition() {
			return time.Since(start)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			for i, p := range f.validators {
				t.Logf("validator %d knows %d rounds; its log ends: %s", i, f.knownRounds(i), p.tail())
			}
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}

// patience is how long a test waits for an event that must happen, however busy the machine is.
const patience = time.Minute

// ready waits until the first rounds are decided.
func (f *fleet) ready(t *testing.T) {
	t.Helper()
	f.within(t, patience, "the first rounds", func() bool { return f.height() > 5 })
}

// endure makes up to f validators fail while rounds are in flight.
func (f *fleet) endure(t *testing.T, faults []placed) {
	f.pausePlay(false)
	good := f.without(faults)
	start := f.height()
	f.within(t, patience, "rounds in flight", func() bool { return f.height() > start })
	for _, p := range faults {
		p.inject(f, p.at)
	}
	start = f.height()
	blocks := int64(3 * f.n()) // Enough for each validator to propose some.
	if len(faults) == f.n() {  // The whole network may be slow.
		blocks = 5
	}
	under := f.within(t, patience, "rounds under the fault", func() bool { return f.height() >= start+blocks })
	if provable(faults) {
		f.within(t, patience, "the proof of it", func() bool { return f.proven(good...) })
	}
	healed, caughtUp := f.healed(t, faults)
	t.Logf("%d blocks during the fault took %v; healed after %v, all is known everywhere after %v", blocks, under, healed, caughtUp)
}

// provable reports whether a validator equivocates and others receive both messages.
func provable(faults []placed) bool {
	return slices.ContainsFunc(faults, func(p placed) bool {
		return p.proven && !slices.ContainsFunc(faults, func(q placed) bool { return q.at == p.at && q.isolates })
	})
}

// without are the validators that have none of the faults; all of them if each has one.
func (f *fleet) without(faults []placed) (others []int) {
	for i := range f.n() {
		if len(faults) == f.n() || !slices.ContainsFunc(faults, func(p placed) bool { return p.at == i }) {
			others = append(others, i)
		}
	}
	return others
}

// healed ends the faults and waits until rounds are decided by all validators that had none, and then until all is known everywhere.
func (f *fleet) healed(t *testing.T, faults []placed) (decides, settles time.Duration) {
	t.Helper()
	for _, p := range slices.Backward(faults) {
		p.heal(f, p.at)
	}
	limit := patience
	if full {
		limit = healing
	}
	good := f.without(faults)
	round := f.submit()
	decides = f.within(t, limit, "a round after the fault", func() bool { return f.knows(round, good...) })
	f.pausePlay(true)
	settles = f.within(t, patience, "all rounds at every validator", func() bool { return f.settled(f.without(nil)...) })
	f.noProblems(t)
	return decides, settles
}

// noProblems fails if a validator contradicted itself or another one, or violated an invariant.
func (f *fleet) noProblems(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, problem := range f.problems {
		t.Error(problem)
	}
	f.problems = nil
}

// TestTooManyFaults injects more faults than the chain tolerates. It decides nothing during them, and continues when they end.
func TestTooManyFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("runs chains of processes, and waits")
	}
	for _, n := range []int{4, 7} {
		t.Run(fmt.Sprintf("validators=%d", n), func(t *testing.T) {
			var all [][]placed
			for k, first := range faults {
				if !first.mute || !full && (n > 4 || k%8 > 0) {
					continue
				}
				var cannot []placed
				for i := range (n-1)/3 + 1 {
					cannot = append(cannot, placed{first, (k + i) % n})
				}
				all = append(all, cannot)
			}
			matrix{t: t, n: n, test: (*fleet).stall}.run(all)
		})
	}
}

func (f *fleet) stall(t *testing.T, faults []placed) {
	f.pausePlay(false)
	for _, p := range faults {
		p.inject(f, p.at)
	}
	round := f.submit()
	// That nothing happens can only be seen by waiting, here for the time of some dozens of rounds.
	window := time.NewTimer(2 * time.Second)
	defer window.Stop()
	<-window.C
	for i := range f.n() {
		if f.knows(round, i) {
			t.Errorf("validator %d decided a round without a quorum", i)
		}
	}
	if faults[0].ruins {
		f.noProblems(t)
		return
	}
	healed, caughtUp := f.healed(t, faults)
	if !f.knows(round, f.without(nil)...) {
		t.Error("the round that waited is not decided")
	}
	t.Logf("healed after %v, all is known everywhere after %v", healed, caughtUp)
}

func (f *fleet) knownRounds(i int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i >= len(f.lifetimes) {
		return 0
	}
	return len(f.lifetimes[i].known)
}
