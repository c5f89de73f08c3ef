package health

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"
)

// full is how much of a disk or of memory may be used, in percent.
const full = 90

// machine is step 1: what this machine has left, if the platform runs on it.
func machine(ctx context.Context, dir string) Step {
	step := Step{Name: "machine", Verdict: OK, Summary: "the platform is elsewhere"}
	if dir == "" {
		step.Verdict = Skipped
		return step
	}
	name, _ := os.Hostname() // It is only shown.
	memory, memoryErr := mem.VirtualMemoryWithContext(ctx)
	average, loadErr := load.AvgWithContext(ctx)
	usage, diskErr := disk.UsageWithContext(ctx, dir)
	if memoryErr != nil || loadErr != nil || diskErr != nil {
		step.Verdict, step.Summary = Skipped, "this system does not say what it has left"
		return step
	}
	step.Summary = "there is room"
	if memory.UsedPercent > full || usage.UsedPercent > full {
		step.Verdict, step.Summary = Degraded, fmt.Sprintf("more than %d %% of memory or disk is used", full)
	}
	step.Columns = []string{"NAME", "CPUS", "LOAD", "MEMORY USED", "DISK USED"}
	step.Rows = [][]string{{
		name, fmt.Sprint(runtime.NumCPU()), fmt.Sprintf("%.2f", average.Load1),
		fmt.Sprintf("%s of %s", mebibytes(float64(memory.Used)), mebibytes(float64(memory.Total))),
		fmt.Sprintf("%s of %s", mebibytes(float64(usage.Used)), mebibytes(float64(usage.Total))),
	}}
	return step
}

func mebibytes(bytes float64) string { return fmt.Sprintf("%.0f MiB", bytes/(1<<20)) }
