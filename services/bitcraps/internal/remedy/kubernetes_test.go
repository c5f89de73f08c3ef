package remedy_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/remedy"
)

// shim stands where kubectl would: it answers, and writes down how it was called.
const shim = `#!/bin/sh
echo "$*" >>"$(dirname "$0")/calls"
case "$*" in
*status.stableRS*) echo "$STABLE $CURRENT $ABORT" ;;
*spec.replicas*) echo "$REPLICAS" ;;
*) echo "all is done"; exit "${CODE:-0}" ;;
esac
`

// cluster returns an executor that acts on nothing, and what it was told so far.
func cluster(t *testing.T) (remedy.Kubernetes, func() string) {
	t.Helper()
	dir := t.TempDir()
	kubectl := filepath.Join(dir, "kubectl")
	if err := os.WriteFile(kubectl, []byte(shim), 0o700); err != nil {
		t.Fatal(err)
	}
	return remedy.Kubernetes{Kubectl: kubectl, Namespace: "craps"}, func() string {
		calls, err := os.ReadFile(filepath.Join(dir, "calls"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		_ = os.Remove(filepath.Join(dir, "calls"))
		return strings.TrimSpace(string(calls))
	}
}

func TestWhatKubectlIsTold(t *testing.T) {
	k, calls := cluster(t)
	gateway := remedy.Target{Name: "gateway", Workload: "rollout/gw", Replicas: remedy.Bounds{Min: 2, Max: 4}}
	game := remedy.Target{Name: "game", Workload: "deployment/game"}
	validator := remedy.Target{Name: "validator", Workload: "statefulset/v-0"}
	replicas := "get rollouts.argoproj.io/gw -n craps -o jsonpath={.spec.replicas}"
	release := "get rollouts.argoproj.io/gw -n craps -o jsonpath={.status.stableRS} {.status.currentPodHash} {.status.abort}"
	for name, tc := range map[string]struct {
		action remedy.Action
		target remedy.Target
		env    map[string]string
		calls  []string
		fails  error
		why    string
	}{
		"restart a rollout":      {remedy.Restart, gateway, nil, []string{"argo rollouts restart gw -n craps"}, nil, ""},
		"restart a deployment":   {remedy.Restart, game, nil, []string{"rollout restart deployment/game -n craps"}, nil, ""},
		"restart a statefulset":  {remedy.Restart, validator, nil, []string{"rollout restart statefulset/v-0 -n craps"}, nil, ""},
		"kubectl fails":          {remedy.Restart, game, map[string]string{"CODE": "3"}, []string{"rollout restart deployment/game -n craps"}, nil, "exit status 3"},
		"a release is under way": {remedy.Rollback, gateway, map[string]string{"STABLE": "a", "CURRENT": "b"}, []string{release, "argo rollouts abort gw -n craps"}, nil, ""},
		"no release":             {remedy.Rollback, gateway, map[string]string{"STABLE": "a", "CURRENT": "a"}, []string{release}, remedy.ErrUnneeded, "no release"},
		"an aborted release":     {remedy.Rollback, gateway, map[string]string{"STABLE": "a", "CURRENT": "b", "ABORT": "true"}, []string{release}, remedy.ErrUnneeded, "is aborted"},
		"nobody knows":           {remedy.Rollback, gateway, nil, []string{release}, nil, "does not say which release"},
		"not a rollout":          {remedy.Rollback, game, nil, nil, nil, "only a rollout knows"},
		"scale":                  {remedy.Scale, gateway, map[string]string{"REPLICAS": "3"}, []string{replicas, "scale rollouts.argoproj.io/gw -n craps --current-replicas=3 --replicas=4"}, nil, ""},
		"at the upper bound":     {remedy.Scale, gateway, map[string]string{"REPLICAS": "4"}, []string{replicas}, remedy.ErrLimit, "has 4 replicas"},
		"below the lower bound":  {remedy.Scale, gateway, map[string]string{"REPLICAS": "0"}, []string{replicas}, remedy.ErrLimit, "has 0 replicas"},
		"no number":              {remedy.Scale, gateway, map[string]string{"REPLICAS": "--all"}, []string{replicas}, nil, "does not say how many"},
		"without bounds":         {remedy.Scale, game, nil, nil, nil, "no bounds"},
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
				t.Errorf("kubectl was told\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestKubectlHasBounds has it print without end, and wait without end.
func TestKubectlHasBounds(t *testing.T) {
	k, _ := cluster(t)
	game := remedy.Target{Name: "game", Workload: "deployment/game"}
	if err := os.WriteFile(k.Kubectl, []byte("#!/bin/sh\nhead -c 1000000 /dev/zero | tr '\\0' x\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := k.Do(t.Context(), remedy.Restart, game); err != nil || len(out) != 2<<10 {
		t.Errorf("%d bytes are kept: %v", len(out), err)
	}
	if err := os.WriteFile(k.Kubectl, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Do(ctx, remedy.Restart, game); !errors.Is(err, context.Canceled) {
		t.Errorf("it is waited for: %v", err)
	}
}
