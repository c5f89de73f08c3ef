package health

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Write prints the report as text.
func (r Report) Write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "BitCraps daily health check\nDate: %s\nEnvironment: %s\n", r.Time.Format(time.RFC3339), r.Environment)
	for i, step := range r.Steps {
		if err != nil {
			return err
		}
		if _, err = fmt.Fprintf(w, "\n%d. %-12s %-9s %s\n", i+1, step.Name, step.Verdict, step.Summary); err != nil {
			return err
		}
		err = step.table(w)
	}
	if err == nil {
		_, err = fmt.Fprintf(w, "\n%s\n", r.Verdict)
	}
	return err
}

func (s Step) table(w io.Writer) error {
	if len(s.Rows) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{s.Columns}, s.Rows...) {
		if _, err := fmt.Fprintln(table, "   "+strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return table.Flush()
}
