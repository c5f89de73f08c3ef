package health

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bitcraps/bitcraps/libs/metrics"
)

// processes is step 2: whether every process runs. One that does not only degrades its service while another replica runs.
func processes(snapshots []snapshot) Step {
	step := Step{Name: "processes", Columns: []string{"PROCESS", "STATE", "PID"}}
	var down []string
	step.Verdict = serviceVerdict(snapshots, func(a snapshot) bool { return a.running() })
	for _, a := range snapshots {
		state := cmp.Or(a.State, "answers")
		if !a.running() {
			down = append(down, a.Name)
			state = cmp.Or(a.State, "does not answer")
		}
		pid := "-"
		if a.PID != 0 {
			pid = strconv.Itoa(a.PID)
		}
		step.Rows = append(step.Rows, []string{a.Name, state, pid})
	}
	step.Summary = fmt.Sprintf("%d of %d processes run", len(snapshots)-len(down), len(snapshots))
	if len(down) > 0 {
		step.Summary += "; not " + strings.Join(down, ", ")
	}
	return step
}

// running reports whether a process runs. A store has no probes, so the fleet's state counts.
func (a snapshot) running() bool {
	if a.URL == "" {
		return a.State == "ready"
	}
	return a.err == nil
}

// services is step 3: the health that each process reports.
func services(snapshots []snapshot) Step {
	step := Step{Name: "services", Columns: []string{"PROCESS", "HEALTH", "READY", "FAILING PARTS"}}
	queried := slices.DeleteFunc(slices.Clone(snapshots), func(a snapshot) bool { return a.URL == "" })
	step.Verdict = serviceVerdict(queried, func(a snapshot) bool { return a.err == nil && a.ready.Status != string(Failing) })
	impaired := 0
	for _, a := range queried {
		health, ready, parts := cmp.Or(a.health.Status, "-"), cmp.Or(a.ready.Status, "-"), slices.Sorted(slices.Values(a.ready.failing()))
		if a.err != nil || ready != string(OK) || health != string(OK) {
			impaired++
			step.Verdict = worse(step.Verdict, Degraded)
		}
		step.Rows = append(step.Rows, []string{a.Name, health, ready, cmp.Or(strings.Join(parts, ", "), "-")})
	}
	step.Summary = "all are healthy"
	if impaired > 0 {
		step.Summary = fmt.Sprintf("%d of %d are not healthy", impaired, len(queried))
	}
	return step
}

// serviceVerdict is OK where all processes are healthy, Failing where a service has no healthy one, and Degraded otherwise. The
// validators' quorum is a step of its own.
func serviceVerdict(snapshots []snapshot, healthy func(snapshot) bool) Verdict {
	verdict, anyHealthy := OK, map[string]bool{}
	for _, a := range snapshots {
		anyHealthy[cmp.Or(a.Service, a.Name)] = anyHealthy[cmp.Or(a.Service, a.Name)] || healthy(a)
		if !healthy(a) {
			verdict = Degraded
		}
	}
	for _, one := range anyHealthy {
		if !one {
			return Failing
		}
	}
	return verdict
}

// resources is step 4: CPU and memory of each process, the largest first.
func resources(snapshots []snapshot) Step {
	type use struct {
		name        string
		cpu, memory float64
		goroutines  float64
	}
	var all []use
	for _, a := range snapshots {
		if a.before == nil || a.after == nil {
			continue
		}
		sum := func(f metrics.Families, name string) float64 { value, _ := f.Sum(name, nil); return value }
		const cpu = "process_cpu_seconds_total"
		all = append(all, use{a.Name, 100 * (sum(a.after, cpu) - sum(a.before, cpu)) / sampleInterval.Seconds(),
			sum(a.after, "process_resident_memory_bytes"), sum(a.after, "go_goroutines")})
	}
	step := Step{Name: "resources", Verdict: OK, Columns: []string{"PROCESS", "CPU", "MEMORY", "GOROUTINES"}}
	if len(all) == 0 {
		step.Verdict, step.Summary = Skipped, "no process exports metrics"
		return step
	}
	slices.SortStableFunc(all, func(a, b use) int { return cmp.Or(cmp.Compare(b.cpu, a.cpu), cmp.Compare(b.memory, a.memory)) })
	var cpu, memory float64
	for _, u := range all {
		cpu, memory = cpu+u.cpu, memory+u.memory
		step.Rows = append(step.Rows, []string{u.name, fmt.Sprintf("%.1f %%", u.cpu), mebibytes(u.memory), fmt.Sprintf("%.0f", u.goroutines)})
	}
	step.Summary = fmt.Sprintf("%.1f %% of one processor and %s in total", cpu, mebibytes(memory))
	return step
}
