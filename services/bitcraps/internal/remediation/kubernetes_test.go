package remediation_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/remediation"
)

// kubectlScript replaces kubectl: it answers, and records its arguments.
const kubectlScript = `#!/bin/sh
echo "$*" >>"$(dirname "$0")/calls"
case "$*" in
*status.stableRS*) echo "$STABLE $CURRENT $ABORT" ;;
*spec.replicas*) echo "$REPLICAS" ;;
*) echo "all is done"; exit "${CODE:-0}" ;;
esac
`

// newFakeCluster returns an executor with a fake kubectl, and a function that returns the calls of kubectl since it was last called.
func newFakeCluster(t *testing.T) (remediation.Kubernetes, func() string) {
	t.Helper()
	dir := t.TempDir()
	kubectl := filepath.Join(dir, "kubectl")
	if err := os.WriteFile(kubectl, []byte(kubectlScript), 0o700); err != nil {
		t.Fatal(err)
	}
	return remediation.Kubernetes{Kubectl: kubectl, Namespace: "craps"}, func() string {
		calls, err := os.ReadFile(filepath.Join(dir, "calls"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		_ = os.Remove(filepath.Join(dir, "calls"))
		return strings.TrimSpace(string(calls))
	}
}

func TestKubectlCommands(t *testing.T) {
	k, calls := newFakeCluster(t)
	gateway := remediation.Target{Name: "gateway", Workload: "rollout/gw", Replicas: remediation.Bounds{Min: 2, Max: 4}}
	game := remediation.Target{Name: "game", Workload: "deployment/game"}
	validator := remediation.Target{Name: "validator", Workload: "statefulset/v-0"}
	replicas := "get rollouts.argoproj.io/gw -n craps -o jsonpath={.spec.replicas}"
	release := "get rollouts.argoproj.io/gw -n craps -o jsonpath={.status.stableRS} {.status.currentPodHash} {.status.abort}"
	for name, tc := range map[string]struct {
		action remediation.Action
		target remediation.Target
		env    map[string]string
		calls  []string
		fails  error
		why    string
	}{
		"restart a rollout":     {remediation.Restart, gateway, nil, []string{"argo rollouts restart gw -n craps"}, nil, ""},
		"restart a deployment":  {remediation.Restart, game, nil, []string{"rollout restart deployment/game -n craps"}, nil, ""},
		"restart a statefulset": {remediation.Restart, validator, nil, []string{"rollout restart statefulset/v-0 -n craps"}, nil, ""},
		"kubectl fails":         {remediation.Restart, game, map[string]string{"CODE": "3"}, []string{"rollout restart deployment/game -n craps"}, nil, "exit status 3"},
		"a release in progress": {remediation.Rollback, gateway, map[string]string{"STABLE": "a", "CURRENT": "b"}, []string{release, "argo rollouts abort gw -n craps"}, nil, ""},
		"no release":            {remediation.Rollback, gateway, map[string]string{"STABLE": "a", "CURRENT": "a"}, []string{release}, remediation.ErrUnneeded, "no release"},
		"an aborted release":    {remediation.Rollback, gateway, map[string]string{"STABLE": "a", "CURRENT": "b", "ABORT": "true"}, []string{release}, remediation.ErrUnneeded, "is already aborted"},
		"an unknown state":      {remediation.Rollback, gateway, nil, []string{release}, nil, "does not report which release"},
		"not a rollout":         {remediation.Rollback, game, nil, nil, nil, "only a rollout knows"},
		"scale":                 {remediation.Scale, gateway, map[string]string{"REPLICAS": "3"}, []string{replicas, "scale rollouts.argoproj.io/gw -n craps --current-replicas=3 --replicas=4"}, nil, ""},
		"at the upper bound":    {remediation.Scale, gateway, map[string]string{"REPLICAS": "4"}, []string{replicas}, remediation.ErrLimit, "has 4 replicas"},
		"below the lower bound": {remediation.Scale, gateway, map[string]string{"REPLICAS": "0"}, []string{replicas}, remediation.ErrLimit, "has 0 replicas"},
		"no number":             {remediation.Scale, gateway, map[string]string{"REPLICAS": "--all"}, []string{replicas}, nil, "does not report how many"},
		"without bounds":        {remediation.Scale, game, nil, nil, nil, "no bounds"},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range tc.env {
				t.Setenv(variable, value)
			}
			_, err := k.Do(t.Context(), tc.action, tc.target)
			if (err == nil) != (tc.why == "") || err != nil && !strings.Contains(err.Error(), tc.why) || tc.fails != nil && !errors.Is(err, tc.fails) {
				t.Errorf("%v, want %v %q", err, tc.fails, tc.why)
			}
			if got, want := calls(), strings.Join(tc.calls, "\n"); got != want {
				t.Errorf("kubectl was called with\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestKubectlIsBounded makes kubectl print much, and then hang.
func TestKubectlIsBounded(t *testing.T) {
	k, _ := newFakeCluster(t)
	game := remediation.Target{Name: "game", Workload: "deployment/game"}
	if err := os.WriteFile(k.Kubectl, []byte("#!/bin/sh\nhead -c 1000000 /dev/zero | tr '\\0' x\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := k.Do(t.Context(), remediation.Restart, game); err != nil || len(out) != 2<<10 {
		t.Errorf("%d bytes are kept: %v", len(out), err)
	}
	if err := os.WriteFile(k.Kubectl, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Do(ctx, remediation.Restart, game); !errors.Is(err, context.Canceled) {
		t.Errorf("a hanging kubectl: %v", err)
	}
}
