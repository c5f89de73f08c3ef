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

// maxUsedPercent is how much of the disk or of the memory may be used, in percent.
const maxUsedPercent = 90

// machine is step 1: the free resources of this machine, if the platform runs on it.
func machine(ctx context.Context, dir string) Step {
	step := Step{Name: "machine", Verdict: OK, Summary: "the platform runs on another machine"}
	if dir == "" {
		step.Verdict = Skipped
		return step
	}
	name, _ := os.Hostname() // It is for display only.
	memory, memoryErr := mem.VirtualMemoryWithContext(ctx)
	average, loadErr := load.AvgWithContext(ctx)
	usage, diskErr := disk.UsageWithContext(ctx, dir)
	if memoryErr != nil || loadErr != nil || diskErr != nil {
		step.Verdict, step.Summary = Skipped, "this system does not report its resources"
		return step
	}
	step.Summary = "enough memory and disk are free"
	if memory.UsedPercent > maxUsedPercent || usage.UsedPercent > maxUsedPercent {
		step.Verdict, step.Summary = Degraded, fmt.Sprintf("more than %d %% of memory or disk is used", maxUsedPercent)
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
