package telemetry

import (
	"math"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/procfs"
)

// goroutineBudget is the maximum number of goroutines of a busy process. Each connection and stream has a few, and a process accepts
// 10,000 of those; more goroutines than this are a leak.
const goroutineBudget = 100_000

// observeProcess exports metrics of the Go runtime and of the operating system, and how close the process is to its limits. Without
// Linux's /proc only those of the runtime are exported.
func observeProcess(scope Scope, registry prometheus.Registerer) {
	registry.MustRegister(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsScheduler, collectors.MetricsGC)))
	scope.Utilization("goroutines", func() float64 { return Ratio(runtime.NumGoroutine(), goroutineBudget) })
	self, err := procfs.Self()
	if err != nil {
		return
	}
	stat := func() procfs.ProcStat {
		s, _ := self.Stat() // Zero if it can't be read.
		return s
	}
	usage := &cpuUsage{consumed: func() float64 { return stat().CPUTime() }, at: time.Now()}
	scope.Utilization("cpu", func() float64 { return usage.share(time.Now()) })
	memory := memoryLimit()
	scope.Utilization("memory", func() float64 { return Ratio(uint64(stat().ResidentMemory()), memory) })
	scope.Utilization("file_descriptors", func() float64 {
		open, _ := self.FileDescriptorsLen()
		limits, _ := self.Limits()
		return Ratio(uint64(open), limits.OpenFiles)
	})
}

// cpuWindow is the minimum time over which CPU usage is averaged, however often the process is scraped.
const cpuWindow = 5 * time.Second

// cpuUsage measures the CPU usage of the process.
type cpuUsage struct {
	consumed func() float64 // CPU seconds since the process started.

	mu    sync.Mutex
	at    time.Time
	spent float64
	last  float64
}

// share returns the share of the available CPU time that was used in the last window. GOMAXPROCS respects a cgroup's limit.
func (c *cpuUsage) share(now time.Time) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if passed := now.Sub(c.at); passed >= cpuWindow {
		spent := c.consumed()
		c.last = (spent - c.spent) / passed.Seconds() / float64(runtime.GOMAXPROCS(0))
		c.at, c.spent = now, spent
	}
	return c.last
}

// memoryLimit returns the minimum of GOMEMLIMIT, the cgroup's limit and the machine's memory; 0 if none is known.
func memoryLimit() uint64 {
	least := uint64(math.MaxUint64)
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		least = uint64(limit)
	}
	for _, known := range []memlimit.Provider{memlimit.FromCgroup, memlimit.FromSystem} {
		if limit, err := known(); err == nil && limit > 0 {
			least = min(least, limit)
		}
	}
	if least == math.MaxUint64 {
		return 0
	}
	return least
}
