package chain_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// warmUp is how many rounds pass before any is measured.
const warmUp = 5

// BenchmarkRound is the time from a commitment's submission to its dice, which is two blocks, and the time that CometBFT takes for two
// blocks with the same settings and an application that does nothing. The two alternate, so that other load on the machine affects
// both.
func BenchmarkRound(b *testing.B) {
	for _, n := range []int{1, 3, 4, 5, 10, 21} {
		b.Run(fmt.Sprintf("validators=%d", n), func(b *testing.B) {
			net, ours := ourNetwork(b, n, n)
			base, bare := bareNetwork(b, n)
			for range warmUp {
				ours()
				bare()
			}
			var with, without stopwatch
			disk := size(b, net.home(0))
			for b.Loop() {
				with.time(ours)
				without.time(bare)
			}
			net.stopAll()
			base.stopAll()
			with.report(b, "")
			without.report(b, "bare-")
			b.ReportMetric(float64(size(b, net.home(0))-disk)/float64(len(with.times)), "disk-B/round")
			b.ReportMetric(float64(with.quantile(50))/float64(without.quantile(50)), "x-bare")
		})
	}
}

// BenchmarkRoundWithOneDead is the same with one dead validator.
func BenchmarkRoundWithOneDead(b *testing.B) {
	for _, n := range []int{4, 10} {
		b.Run(fmt.Sprintf("validators=%d", n), func(b *testing.B) {
			net, ours := ourNetwork(b, n, n-1)
			for range warmUp {
				ours()
			}
			var with stopwatch
			for b.Loop() {
				with.time(ours)
			}
			net.stopAll()
			with.report(b, "")
		})
	}
}

// benchNetwork has the service's settings. With many validators on this machine their gossip sleeps longer: together they would
// otherwise keep it busy with polling alone.
func benchNetwork(b *testing.B, n int) *network {
	net := newNetwork(b, n)
	if n > 5 {
		net.gossip, net.propose = 10*time.Millisecond, 2*time.Second
	}
	return net
}

// ourNetwork is a chain of n validators, some of which are running. The function decides a round.
func ourNetwork(b *testing.B, n, alive int) (*network, func()) {
	net := benchNetwork(b, n)
	for i := range alive {
		net.start(i)
	}
	net.connect()
	round := uint64(0)
	return net, func() {
		round++
		net.decide(int(round)%alive, commitment(1, round))
	}
}

func (n *network) stopAll() {
	for i := range n.nodes {
		n.stop(i)
	}
}

// stopwatch records how long each round took, and the CPU time of all of them.
type stopwatch struct {
	times []time.Duration
	cpu   time.Duration
}

func (s *stopwatch) time(round func()) {
	start, cpu := time.Now(), processorTime()
	round()
	s.times = append(s.times, time.Since(start))
	s.cpu += processorTime() - cpu
}

func (s *stopwatch) quantile(percent int) time.Duration {
	slices.Sort(s.times)
	return s.times[len(s.times)*percent/100]
}

func (s *stopwatch) report(b *testing.B, prefix string) {
	for _, percent := range []int{50, 95} {
		b.ReportMetric(float64(s.quantile(percent))/1e6, fmt.Sprintf("%sp%d-ms", prefix, percent))
	}
	if s.cpu > 0 {
		b.ReportMetric(float64(s.cpu)/1e6/float64(len(s.times)), prefix+"cpu-ms")
	}
}

// processorTime is the CPU time that this process has used.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkTables is how many rounds a chain decides for many tables, each of which submits its next round as soon as it has the dice
// of the last one.
func BenchmarkTables(b *testing.B) {
	for _, dead := range []int{0, 1} {
		b.Run(fmt.Sprintf("validators=4/dead=%d", dead), func(b *testing.B) {
			net, _ := ourNetwork(b, 4, 4-dead)
			for _, tables := range []int{20, 100, 500} {
				b.Run(fmt.Sprintf("tables=%d", tables), func(b *testing.B) { net.play(b, tables, 4-dead) })
			}
		})
	}
}

// games counts the games of all benchmarks, so that no two play the same rounds.
var games atomic.Uint32

func (n *network) play(b *testing.B, tables, alive int) {
	var mu sync.Mutex
	var with stopwatch
	height, disk := n.nodes[0].Height(), size(b, n.home(0))
	cpu := processorTime()
	b.SetParallelism(tables / 2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		game := games.Add(1)
		c := commitment(byte(game), 0)
		c.Game[1], c.Game[2] = byte(game>>8), byte(game>>16)
		for pb.Next() {
			c.Round++
			start := time.Now()
			n.decide(int(game)%alive, c)
			mu.Lock()
			with.times = append(with.times, time.Since(start))
			mu.Unlock()
		}
	})
	b.StopTimer()
	with.cpu = processorTime() - cpu
	count := float64(len(with.times))
	with.report(b, "")
	b.ReportMetric(count/b.Elapsed().Seconds(), "rounds/s")
	b.ReportMetric(count/float64(n.nodes[0].Height()-height), "rounds/block")
	b.ReportMetric(float64(size(b, n.home(0))-disk)/count, "disk-B/round")
}

// connect waits until all running validators are connected to each other and take part in consensus.
func (n *network) connect() {
	n.t.Helper()
	running := slices.DeleteFunc(slices.Clone(n.nodes), func(node *chain.Node) bool { return node == nil })
	testserver.Eventually(n.t, "connections between all validators", func() bool {
		return !slices.ContainsFunc(running, func(node *chain.Node) bool {
			status, err := node.Status()
			return err != nil || status.CatchingUp || len(status.Connected) < len(running)
		})
	})
}

// size is the size of a folder in bytes.
func size(b *testing.B, dir string) (bytes int64) {
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerror // A running database removes files.
		}
		if info, err := entry.Info(); err == nil {
			bytes += info.Size()
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}
