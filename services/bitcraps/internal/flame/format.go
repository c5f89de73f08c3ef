package flame

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"
)

// Format formats a value for people.
func Format(value int64, unit string) string {
	switch unit {
	case "nanoseconds":
		return time.Duration(value).Round(time.Microsecond).String()
	case "bytes":
		const kib, mib = 1 << 10, 1 << 20
		switch {
		case value >= mib:
			return fmt.Sprintf("%.1f MiB", float64(value)/mib)
		case value >= kib:
			return fmt.Sprintf("%.1f KiB", float64(value)/kib)
		}
		return fmt.Sprintf("%d B", value)
	}
	return strconv.FormatInt(value, 10)
}

// Top returns at most n functions, the largest first.
func (g *Graph) Top(n int) []Function { return g.Functions[:min(n, len(g.Functions))] }

// WriteTop prints a table of at most n functions, the largest first.
func (g *Graph) WriteTop(w io.Writer, n int) error {
	if g.Total == 0 {
		_, err := fmt.Fprintln(w, "nothing was recorded")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "FLAT\tFLAT%\tCUM\tCUM%\t  FUNCTION")
	percent := func(value int64) float64 { return 100 * float64(value) / float64(g.Total) }
	for _, f := range g.Top(n) {
		_, _ = fmt.Fprintf(table, "%s\t%.1f%%\t%s\t%.1f%%\t  %s\n", Format(f.Flat, g.Unit), percent(f.Flat), Format(f.Cum, g.Unit), percent(f.Cum), f.Name)
	}
	return table.Flush()
}
