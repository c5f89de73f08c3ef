package health

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bitcraps/bitcraps/libs/metrics"
)

// processes is step 2: whether everything runs. While another process of its service does, one that is away only degrades.
func processes(answers []answer) Step {
	step := Step{Name: "processes", Columns: []string{"PROCESS", "STATE", "PID"}}
	var away []string
	step.Verdict = perService(answers, func(a answer) bool { return a.runs() })
	for _, a := range answers {
		state := cmp.Or(a.State, "answers")
		if !a.runs() {
			away = append(away, a.Name)
			state = cmp.Or(a.State, "does not answer")
		}
		pid := "-"
		if a.PID != 0 {
			pid = strconv.Itoa(a.PID)
		}
		step.Rows = append(step.Rows, []string{a.Name, state, pid})
	}
	step.Summary = fmt.Sprintf("%d of %d processes run", len(answers)-len(away), len(answers))
	if len(away) > 0 {
		step.Summary += "; not " + strings.Join(away, ", ")
	}
	return step
}

// runs is whether a process is there. A store has nothing to ask at: its starter has looked at it.
func (a answer) runs() bool {
	if a.URL == "" {
		return a.State == "ready"
	}
	return a.err == nil
}

// services is step 3: what each process says of itself.
func services(answers []answer) Step {
	step := Step{Name: "services", Columns: []string{"PROCESS", "HEALTH", "READY", "FAILING PARTS"}}
	asked := slices.DeleteFunc(slices.Clone(answers), func(a answer) bool { return a.URL == "" })
	step.Verdict = perService(asked, func(a answer) bool { return a.err == nil && a.ready.Status != string(Failing) })
	troubled := 0
	for _, a := range asked {
		health, ready, parts := cmp.Or(a.health.Status, "-"), cmp.Or(a.ready.Status, "-"), slices.Sorted(slices.Values(a.ready.failing()))
		if a.err != nil || ready != string(OK) || health != string(OK) {
			troubled++
			step.Verdict = worse(step.Verdict, Degraded)
		}
		step.Rows = append(step.Rows, []string{a.Name, health, ready, cmp.Or(strings.Join(parts, ", "), "-")})
	}
	step.Summary = "every one can do its work"
	if troubled > 0 {
		step.Summary = fmt.Sprintf("%d of %d can't do all of their work", troubled, len(asked))
	}
	return step
}

// perService is OK where all are well, and Failing where a service has none that is. The validators' quorum is a step of its own.
func perService(answers []answer, well func(answer) bool) Verdict {
	verdict, some := OK, map[string]bool{}
	for _, a := range answers {
		some[cmp.Or(a.Service, a.Name)] = some[cmp.Or(a.Service, a.Name)] || well(a)
		if !well(a) {
			verdict = Degraded
		}
	}
	for _, one := range some {
		if !one {
			return Failing
		}
	}
	return verdict
}

// resources is step 4: processors and memory by process, those that use most first.
func resources(answers []answer) Step {
	type use struct {
		name        string
		cpu, memory float64
		goroutines  float64
	}
	var all []use
	for _, a := range answers {
		if a.before == nil || a.after == nil {
			continue
		}
		sum := func(f metrics.Families, name string) float64 { value, _ := f.Sum(name, nil); return value }
		const cpu = "process_cpu_seconds_total"
		all = append(all, use{a.Name, 100 * (sum(a.after, cpu) - sum(a.before, cpu)) / interval.Seconds(),
			sum(a.after, "process_resident_memory_bytes"), sum(a.after, "go_goroutines")})
	}
	step := Step{Name: "resources", Verdict: OK, Columns: []string{"PROCESS", "CPU", "MEMORY", "GOROUTINES"}}
	if len(all) == 0 {
		step.Verdict, step.Summary = Skipped, "no process shows its metrics"
		return step
	}
	slices.SortStableFunc(all, func(a, b use) int { return cmp.Or(cmp.Compare(b.cpu, a.cpu), cmp.Compare(b.memory, a.memory)) })
	var cpu, memory float64
	for _, u := range all {
		cpu, memory = cpu+u.cpu, memory+u.memory
		step.Rows = append(step.Rows, []string{u.name, fmt.Sprintf("%.1f %%", u.cpu), mebibytes(u.memory), fmt.Sprintf("%.0f", u.goroutines)})
	}
	step.Summary = fmt.Sprintf("%.1f %% of one processor and %s together", cpu, mebibytes(memory))
	return step
}
