package bitcraps

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/perfreport"
)

func perfReportCommand() *cobra.Command {
	var prometheus, environment, out string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "perf-report", Short: "Report the request latency of the last hour", Args: cobra.NoArgs,
		Long: "Query Prometheus for the request latency of the last hour, minute by minute, and report the mean, the 95th and the 99th\n" +
			"percentile, and what to look at if a mean is above 0.5 s. It writes latency_metrics.json, which is Prometheus's answer, and\n" +
			"performance_report.md to --out.\n\n" +
			"Prometheus must have loaded the rule of deploy/prometheus that records " + perfreport.Metric + ".",
		Example: "  bitcraps perf-report --prometheus http://127.0.0.1:9090\n  bitcraps perf-report --prometheus http://prometheus:9090 --environment production --out /tmp/report",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !isURL(prometheus) {
				return fmt.Errorf("--prometheus %s: want a URL such as http://127.0.0.1:9090", prometheus)
			}
			a, err := perfreport.Analyze(cmd.Context(), prometheus, environment, time.Now())
			if err != nil {
				return err
			}
			if err := writeAnalysis(out, a); err != nil {
				return fmt.Errorf("--out: %w", err)
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(a)
			}
			err = a.Write(cmd.OutOrStdout())
			cmd.Println("report saved to " + filepath.Join(out, "performance_report.md"))
			return err
		},
	}
	cmd.Flags().StringVar(&prometheus, "prometheus", "http://127.0.0.1:9090", "URL of Prometheus")
	cmd.Flags().StringVar(&environment, "environment", cmp.Or(os.Getenv("ENVIRONMENT"), local), "environment to name in the report; $ENVIRONMENT if it is set")
	cmd.Flags().StringVar(&out, "out", ".", "folder for the files")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// writeAnalysis writes the files of a report.
func writeAnalysis(dir string, a perfreport.Analysis) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "latency_metrics.json"), a.Range, 0o600); err != nil {
		return err
	}
	report, err := os.OpenFile(filepath.Join(dir, "performance_report.md"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(a.WriteMarkdown(report), report.Close())
}
