package bitcraps

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/health"
)

// local is the target that stands for the fleet on this machine.
const local = "local"

// healthFlags name the platform to check.
type healthFlags struct {
	targets                                          []string
	dir, logs, prometheus, alertmanager, environment string
	json                                             bool
}

func healthCommand() *cobra.Command {
	var f healthFlags
	cmd := &cobra.Command{
		Use: "health", Short: "Check the whole platform once: the daily health check", Args: cobra.NoArgs,
		Long: "Check the machine, the processes, the health that each reports, their use of resources, the errors of the last 24 hours,\n" +
			"request latency, active alerts, the validators and the ledger. It changes nothing.\n\n" +
			"It exits with 0 if everything is ok, with 1 if something is failing, and with 2 if something is degraded. A step for which no\n" +
			"source is configured is skipped, which is not a fault.",
		Example: "  bitcraps health\n  bitcraps health --prometheus http://127.0.0.1:9090 --alertmanager http://127.0.0.1:9093 --json\n" +
			"  bitcraps health --target http://127.0.0.1:8080 --logs /var/log/bitcraps",
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	cmd.Flags().StringArrayVar(&f.targets, "target", []string{local}, "local for the fleet in --dir, or the URL of an admin port or of 'bitcraps up'; repeatable")
	cmd.Flags().StringVar(&f.dir, "dir", fleetDir, "folder of the local fleet")
	cmd.Flags().StringVar(&f.logs, "logs", "", "folder of logs; by default the local fleet's")
	cmd.Flags().StringVar(&f.prometheus, "prometheus", "", "URL of Prometheus; by default latencies are read from the processes' own metrics")
	cmd.Flags().StringVar(&f.alertmanager, "alertmanager", "", "URL of Alertmanager")
	cmd.Flags().StringVar(&f.environment, "environment", cmp.Or(os.Getenv("ENVIRONMENT"), local), "environment to name in the report; $ENVIRONMENT if it is set")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

func (f *healthFlags) run(cmd *cobra.Command) error {
	target, err := f.target(cmd.Context())
	if err != nil {
		return err
	}
	report := target.Check(cmd.Context(), time.Now())
	if f.json {
		err = json.NewEncoder(cmd.OutOrStdout()).Encode(report)
	} else {
		err = report.Write(cmd.OutOrStdout())
	}
	if err != nil {
		return err
	}
	return verdictError(report)
}

// verdictError is the error that the command returns for a report.
func verdictError(report health.Report) error {
	var names []string
	for _, step := range report.Steps {
		if step.Verdict == report.Verdict {
			names = append(names, step.Name)
		}
	}
	switch report.Verdict {
	case health.Failing:
		return fmt.Errorf("failing: %s", strings.Join(names, ", "))
	case health.Degraded:
		return service.ExitError{Code: 2, Reason: "degraded: " + strings.Join(names, ", ")}
	}
	return nil
}

// target collects everything to check.
func (f *healthFlags) target(ctx context.Context) (health.Target, error) {
	t := health.Target{Environment: f.environment, Prometheus: f.prometheus, Alertmanager: f.alertmanager}
	for name, address := range map[string]string{"--prometheus": f.prometheus, "--alertmanager": f.alertmanager} {
		if address != "" && !isURL(address) {
			return t, fmt.Errorf("%s %s: want a URL such as http://127.0.0.1:9090", name, address)
		}
	}
	for _, target := range f.targets {
		if target == local {
			if err := f.addFleet(ctx, &t); err != nil {
				return t, err
			}
			continue
		}
		if !isURL(target) {
			return t, fmt.Errorf("--target %s: want local or a URL such as http://127.0.0.1:8080", target)
		}
		t.Processes = append(t.Processes, health.Process{Name: strings.TrimSuffix(target, "/"), URL: strings.TrimSuffix(target, "/")})
	}
	if f.logs != "" {
		var err error
		if t.Logs, err = filepath.Glob(filepath.Join(f.logs, "*.log")); err == nil && len(t.Logs) == 0 {
			err = errors.New("it contains no *.log file")
		}
		if err != nil {
			return t, fmt.Errorf("--logs %s: %w", f.logs, err)
		}
	}
	slices.Sort(t.Logs)
	return t, nil
}

func isURL(text string) bool {
	address, err := url.Parse(text)
	return err == nil && (address.Scheme == "http" || address.Scheme == "https") && address.Host != ""
}

// addFleet adds the processes of the fleet on this machine.
func (f *healthFlags) addFleet(ctx context.Context, t *health.Target) error {
	all, err := fleet.Inspect(f.dir)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("--dir %s: there is no fleet; start one with `bitcraps fleet up`, or name a process with --target URL", f.dir)
	}
	if err != nil {
		return err
	}
	t.Dir = f.dir
	for _, state := range all.Status(ctx) {
		process := health.Process{Name: state.Name, Service: state.Service, State: state.State, PID: state.PID}
		if state.Admin != "" {
			process.URL = "http://" + state.Admin
		}
		t.Processes = append(t.Processes, process)
		if _, err := os.Stat(state.Log); err == nil {
			t.Logs = append(t.Logs, state.Log)
		}
	}
	return nil
}
