package perfreport

import (
	_ "embed"
	"fmt"
	"io"
	"text/template"
)

//go:embed report.md.tmpl
var report string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"inc":       func(i int) int { return i + 1 },
	"mebibytes": func(bytes float64) string { return fmt.Sprintf("%.0f", bytes/(1<<20)) },
	"slow":      func() float64 { return highLatency },
}).Parse(report))

// WriteMarkdown writes performance_report.md.
func (a Analysis) WriteMarkdown(w io.Writer) error { return reportTemplate.Execute(w, a) }

// Write prints the figures and the recommended actions as text.
func (a Analysis) Write(w io.Writer) error {
	for _, l := range a.Series {
		if _, err := fmt.Fprintf(w, "%s, %d points\nAverage latency: %.3fs\n95th percentile: %.3fs\n99th percentile: %.3fs\n",
			l.Service, l.Points, l.Mean, l.P95, l.P99); err != nil {
			return err
		}
	}
	if !a.HighLatency {
		return nil
	}
	_, err := fmt.Fprintln(w, "HIGH LATENCY DETECTED\nRecommended actions:")
	for i, action := range a.Actions {
		if err == nil {
			_, err = fmt.Fprintf(w, "%d. %s\n", i+1, action)
		}
	}
	return err
}
