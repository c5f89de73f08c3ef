package remedy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kubernetes acts on a cluster's workloads by kubectl, as whom its configuration says.
type Kubernetes struct {
	// Kubectl is the program.
	Kubectl string
	// Namespace is the workloads'.
	Namespace string
}

// kinds are what kubectl calls the kinds of workloads.
var kinds = map[string]string{"deployment": "deployment", "statefulset": "statefulset", rollout: "rollouts.argoproj.io"}

// rollout is Argo's Deployment, by which releases come step by step.
const rollout = "rollout"

// Name implements Executor.
func (Kubernetes) Name() string { return KubernetesExecutor }

// Describe implements Executor.
func (k Kubernetes) Describe(action Action, t Target) (string, error) {
	kind, _, _ := strings.Cut(t.Workload, "/")
	switch action {
	case Restart:
		return k.text(k.restart(t)), nil
	case Rollback:
		if kind != rollout {
			return "", fmt.Errorf("%s can't be rolled back without people: only a rollout knows which release was good, and undoing twice comes back to the bad one", t.Workload)
		}
		return k.text(k.abort(t)) + ", while a release is under way", nil
	}
	if t.Replicas == (Bounds{}) {
		return "", fmt.Errorf("%s has no bounds to scale within; set its replicas in the policy", t.Name)
	}
	return fmt.Sprintf("add a replica to %s, up to %d", t.Workload, t.Replicas.Max), nil
}

// Do implements Executor.
func (k Kubernetes) Do(ctx context.Context, action Action, t Target) (string, error) {
	if _, err := k.Describe(action, t); err != nil {
		return "", err
	}
	switch action {
	case Restart:
		return k.run(ctx, k.restart(t))
	case Rollback:
		return k.rollback(ctx, t)
	}
	return k.scale(ctx, t)
}

// All that kubectl is given is the policy's.

func (k Kubernetes) restart(t Target) []string {
	kind, name, _ := strings.Cut(t.Workload, "/")
	if kind == rollout {
		return []string{"argo", "rollouts", "restart", name, "-n", k.Namespace}
	}
	return []string{"rollout", "restart", resource(t), "-n", k.Namespace}
}

func (k Kubernetes) abort(t Target) []string {
	_, name, _ := strings.Cut(t.Workload, "/")
	return []string{"argo", "rollouts", "abort", name, "-n", k.Namespace}
}

func (k Kubernetes) get(t Target, path string) []string {
	return []string{"get", resource(t), "-n", k.Namespace, "-o", "jsonpath=" + path}
}

func resource(t Target) string {
	kind, name, _ := strings.Cut(t.Workload, "/")
	return kinds[kind] + "/" + name
}

// rollback aborts a release that is under way: the stable one then gets all traffic. One that is through is not touched, since
// what fails long behind a release has another cause.
func (k Kubernetes) rollback(ctx context.Context, t Target) (string, error) {
	out, err := k.run(ctx, k.get(t, "{.status.stableRS} {.status.currentPodHash} {.status.abort}"))
	if err != nil {
		return "", err
	}
	status := strings.Fields(out)
	switch {
	case len(status) < 2:
		return "", fmt.Errorf("%s does not say which release is stable: %q", t.Workload, out)
	case status[0] == status[1]:
		return "", fmt.Errorf("%w: no release of %s is under way", ErrUnneeded, t.Workload)
	case slices.Contains(status[2:], "true"):
		return "", fmt.Errorf("%w: the release of %s is aborted", ErrUnneeded, t.Workload)
	}
	return k.run(ctx, k.abort(t))
}

// scale adds a replica, unless somebody else scales at the same time.
func (k Kubernetes) scale(ctx context.Context, t Target) (string, error) {
	out, err := k.run(ctx, k.get(t, "{.spec.replicas}"))
	if err != nil {
		return "", err
	}
	now, err := strconv.Atoi(out)
	if err != nil {
		return "", fmt.Errorf("%s does not say how many replicas it has: %q", t.Workload, out)
	}
	if now < t.Replicas.Min || now >= t.Replicas.Max { // Who made it smaller than the policy knows it had a reason.
		return "", fmt.Errorf("%w: %s has %d replicas, and the policy adds one from %d on, up to %d", ErrLimit, t.Workload, now, t.Replicas.Min, t.Replicas.Max)
	}
	return k.run(ctx, []string{"scale", resource(t), "-n", k.Namespace, "--current-replicas=" + strconv.Itoa(now), "--replicas=" + strconv.Itoa(now+1)})
}

func (k Kubernetes) text(args []string) string { return "kubectl " + strings.Join(args, " ") }

const (
	// maxOutput is how much is kept of what kubectl says.
	maxOutput = 2 << 10
	// killDelay is how long kubectl's children may keep its output open behind its end.
	killDelay = 2 * time.Second
)

// run returns what kubectl printed.
func (k Kubernetes) run(ctx context.Context, args []string) (string, error) {
	var stdout, stderr head
	cmd := exec.CommandContext(ctx, k.Kubectl, args...) //nolint:gosec // The policy is the allow-list.
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &stdout, &stderr, killDelay
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", k.text(args), errors.Join(ctx.Err(), err), stderr.text())
	}
	return stdout.text(), nil
}

// head keeps the beginning of what is written.
type head struct{ kept bytes.Buffer }

// Write implements io.Writer.
func (h *head) Write(text []byte) (int, error) {
	h.kept.Write(text[:min(len(text), maxOutput-h.kept.Len())])
	return len(text), nil
}

func (h *head) text() string { return strings.TrimSpace(h.kept.String()) }
