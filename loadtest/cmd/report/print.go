package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

func (r Report) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if a := r.Alone; a.Rounds > 0 {
		fmt.Fprintf(w, "one process, four validators, SQLite, %d CPUs\t\n", r.CPUs)
		fmt.Fprintf(w, "ready, new chain\t%.0f ms\n", a.ReadyMS)
		fmt.Fprintf(w, "ready, restarted\t%.0f ms\n", a.RestartReadyMS)
		fmt.Fprintf(w, "POST /roll, alone\t%s\n", a.Rolls)
		fmt.Fprintf(w, "POST /bets, alone\t%s\n", a.Bets)
		fmt.Fprintf(w, "resident after %d rounds\t%.0f MB\n\n", a.Rounds, a.ResidentMB)
	}
	if len(r.SideBySide) > 0 {
		r.printComparison(w)
	}
	if t := r.Telemetry; t.Runs > 0 {
		fmt.Fprintf(w, "\ntelemetry, medians of %d runs\tbets a second\tCPU us per bet\n", t.Runs)
		fmt.Fprintf(w, "as in production\t%.0f\t%.0f\n", t.On.PerSecond, t.On.Microseconds)
		fmt.Fprintf(w, "without\t%.0f\t%.0f\n", t.Off.PerSecond, t.Off.Microseconds)
		fmt.Fprintf(w, "ratio with to without\t%.3f\t%.3f\n", t.Rate, t.Processor)
	}
	return w.Flush()
}

func (r Report) printComparison(w io.Writer) {
	fmt.Fprintln(w, "side by side\ta second\tmean ms\tp50 ms\tp95 ms\tp99 ms\tx pgbench\tx no store")
	for _, row := range r.SideBySide {
		percentiles := "-\t-\t-" // pgbench reports none.
		if row.P50 > 0 {
			percentiles = fmt.Sprintf("%.1f\t%.1f\t%.1f", row.P50, row.P95, row.P99)
		}
		fmt.Fprintf(w, "%s\t%.0f\t%.1f\t%s\t%.2f\t%.2f\n", row.Name, row.PerSecond, row.Mean, percentiles, row.OfPgbench, row.OfNoStore)
	}
	fmt.Fprintf(w, "\nresident memory of a fleet's largest game process\t%.0f MB\n", r.GameMB)
}
