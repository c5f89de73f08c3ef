package bitcraps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"text/tabwriter"

	"github.com/jonboulle/clockwork"
	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/libs/run"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/version"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/remediation"
)

// remediateFlags name the policy, the executor, and where and to whom to listen.
type remediateFlags struct {
	policy, executor, dir, programs      string
	listen, tokenFile, certFile, keyFile string
	dryRun                               bool
}

func remediateCommand() *cobra.Command {
	var f remediateFlags
	cmd := &cobra.Command{
		Use: "remediate", Short: "Act on alerts, within a policy", Args: cobra.NoArgs,
		Long: "Listen for Alertmanager's webhook and take the actions of the policy: restart, rollback or scale, and nothing else. People are\n" +
			"notified of the same alerts, so actions that are not allowed, failed, or exceed a limit are left to them. Each decision is an\n" +
			"audit line in the log.\n\n" +
			"  POST /alerts         Alertmanager's webhook, version 4\n" +
			"  GET  /remediations   the last 100 decisions\n" +
			"  GET  /healthz, /metrics\n\n" +
			"The first two require the token of --token-file: \"Authorization: Bearer TOKEN\".",
		Example: "  openssl rand -hex 32 > remediation.token\n" +
			"  bitcraps remediate --token-file remediation.token --dry-run\n" +
			"  bitcraps remediate --token-file remediation.token --dir data-fleet\n" +
			"  bitcraps remediate --token-file /etc/bitcraps/remediation.token --executor kubernetes --listen 0.0.0.0:7190 \\\n" +
			"    --tls-cert-file tls.crt --tls-key-file tls.key",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&f.policy, "policy", "deploy/remediation/policy.yaml", "policy file")
	cmd.Flags().StringVar(&f.executor, "executor", remediation.FleetExecutor, "fleet, which acts on the fleet of 'bitcraps fleet up' on this machine, or kubernetes, which uses kubectl")
	cmd.Flags().StringVar(&f.dir, "dir", fleetDir, "folder of the fleet")
	cmd.Flags().StringVar(&f.programs, "bin-dir", "", "folder of the services' binaries; by default that of this one")
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:7190", "address to listen on; port 0 means any free one")
	cmd.Flags().StringVar(&f.tokenFile, "token-file", "", "file with the token that Alertmanager sends")
	cmd.Flags().StringVar(&f.certFile, "tls-cert-file", "", "PEM file of a certificate; required unless it listens on loopback only")
	cmd.Flags().StringVar(&f.keyFile, "tls-key-file", "", "PEM file of the certificate's key")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "print what each rule would do, then listen and only record decisions")
	return cmd
}

func (f *remediateFlags) run(ctx context.Context, out, log io.Writer) error {
	if f.tokenFile == "" {
		return errors.New("--token-file: name a file with the token that Alertmanager sends; generate one with `openssl rand -hex 32`")
	}
	token, err := remediation.ReadToken(f.tokenFile)
	if err != nil {
		return fmt.Errorf("--token-file: %w", err)
	}
	policy, err := remediation.Load(f.policy)
	if err != nil {
		return fmt.Errorf("--policy: %w", err)
	}
	executor, err := f.newExecutor(policy)
	if err != nil {
		return err
	}
	tel, err := telemetry.New(ctx, "remediate", version.Version, telemetry.Default(), log)
	if err != nil {
		return err
	}
	telemetry.SetGlobals(tel.Logger)
	r, err := remediation.New(policy, executor, f.dryRun, clockwork.NewRealClock(), tel.For("remediate", 0))
	if err != nil {
		return err
	}
	listener, err := f.listener(tel.Logger)
	if err != nil {
		return err
	}
	if f.dryRun {
		if err := printPlans(out, r.Plans()); err != nil {
			return err
		}
	}
	group := run.NewGroup(tel.Logger, remediation.Drain)
	group.Add(run.Part{Name: "telemetry", Stop: tel.Shutdown})
	group.Add(run.Part{Name: "remediator", Serve: r.Work, Stop: r.Stop})
	group.Add(httpPart(listener, r.Handler(token, tel.Registry)))
	return group.Run(ctx, func() { fmt.Fprintln(out, "ready "+f.scheme()+"://"+listener.Addr().String()) })
}

// newExecutor makes the executor that --executor names.
func (f *remediateFlags) newExecutor(policy remediation.Policy) (remediation.Executor, error) {
	switch f.executor {
	case remediation.FleetExecutor:
		programs, err := programsDir(f.programs)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(f.dir); err != nil && !f.dryRun {
			return nil, fmt.Errorf("--dir %s: there is no fleet; start one with `bitcraps fleet up`", f.dir)
		}
		return remediation.Fleet{Dir: f.dir, Programs: programs}, nil
	case remediation.KubernetesExecutor:
		kubectl, err := exec.LookPath("kubectl")
		if err != nil {
			return nil, fmt.Errorf("--executor %s: %w; install kubectl, and for rollouts its plugin argo-rollouts", f.executor, err)
		}
		return remediation.Kubernetes{Kubectl: kubectl, Namespace: policy.Namespace}, nil
	}
	return nil, fmt.Errorf("--executor %s: want %s or %s", f.executor, remediation.FleetExecutor, remediation.KubernetesExecutor)
}

func printPlans(out io.Writer, plans []remediation.Plan) error {
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "ALERT\tACTION\tTARGET\tEFFECT")
	for _, p := range plans {
		fmt.Fprintf(columns, "%s\t%s\t%s\t%s\n", p.Alert, p.Action, p.Target, p.What)
	}
	return columns.Flush()
}
