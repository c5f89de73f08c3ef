package telemetry

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestCPUUsageIsAveragedOverTheWindow(t *testing.T) {
	start, spent := time.Unix(1_700_000_000, 0), 3.0
	usage := &cpuUsage{consumed: func() float64 { return spent }, at: start, spent: 3}
	spent += 5 * float64(runtime.GOMAXPROCS(0))
	if got := usage.share(start.Add(10 * time.Second)); got != 0.5 {
		t.Errorf("half of the processors are %v", got)
	}
	spent += 100
	if got := usage.share(start.Add(11 * time.Second)); got != 0.5 {
		t.Errorf("a second scrape a moment later sees %v", got)
	}
}

func TestLowestMemoryLimitCounts(t *testing.T) {
	machine := memoryLimit()
	if machine < 16<<20 {
		t.Fatalf("the process may have %d bytes", machine)
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(int64(machine / 2)))
	if got := memoryLimit(); got != machine/2 {
		t.Errorf("with GOMEMLIMIT at %d the limit is %d", machine/2, got)
	}
}
