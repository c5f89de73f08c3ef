package remediation

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

// Kubernetes acts on a cluster's workloads through kubectl, with the credentials of kubectl's configuration.
type Kubernetes struct {
	// Kubectl is the path of the program.
	Kubectl string
	// Namespace is the namespace of the workloads.
	Namespace string
}

// kubectlKinds maps kinds of workloads to kubectl's names for them.
var kubectlKinds = map[string]string{"deployment": "deployment", "statefulset": "statefulset", rollout: "rollouts.argoproj.io"}

// rollout is the kind of Argo's rollouts: deployments that release step by step.
const rollout = "rollout"

// Name implements Executor.
func (Kubernetes) Name() string { return KubernetesExecutor }

// Describe implements Executor.
func (k Kubernetes) Describe(action Action, t Target) (string, error) {
	kind, _, _ := strings.Cut(t.Workload, "/")
	switch action {
	case Restart:
		return k.commandLine(k.restart(t)), nil
	case Rollback:
		if kind != rollout {
			return "", fmt.Errorf("%s can't be rolled back automatically: only a rollout knows which release was good, and undoing twice would return to the bad one", t.Workload)
		}
		return k.commandLine(k.abort(t)) + ", while a release is in progress", nil
	}
	if t.Replicas == (Bounds{}) {
		return "", fmt.Errorf("%s has no bounds for scaling; set its replicas in the policy", t.Name)
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

// The arguments of kubectl are the policy's only.

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
	return kubectlKinds[kind] + "/" + name
}

// rollback aborts a release that is in progress, so that the stable one gets all traffic. It does not touch a completed release, since
// a failure long after a release has another cause.
func (k Kubernetes) rollback(ctx context.Context, t Target) (string, error) {
	out, err := k.run(ctx, k.get(t, "{.status.stableRS} {.status.currentPodHash} {.status.abort}"))
	if err != nil {
		return "", err
	}
	status := strings.Fields(out)
	switch {
	case len(status) < 2:
		return "", fmt.Errorf("%s does not report which release is stable: %q", t.Workload, out)
	case status[0] == status[1]:
		return "", fmt.Errorf("%w: no release of %s is in progress", ErrUnneeded, t.Workload)
	case slices.Contains(status[2:], "true"):
		return "", fmt.Errorf("%w: the release of %s is already aborted", ErrUnneeded, t.Workload)
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
		return "", fmt.Errorf("%s does not report how many replicas it has: %q", t.Workload, out)
	}
	if now < t.Replicas.Min || now >= t.Replicas.Max { // If it is below the policy's minimum, somebody has scaled it down for a reason.
		return "", fmt.Errorf("%w: %s has %d replicas, and the policy scales between %d and %d", ErrLimit, t.Workload, now, t.Replicas.Min, t.Replicas.Max)
	}
	return k.run(ctx, []string{"scale", resource(t), "-n", k.Namespace, "--current-replicas=" + strconv.Itoa(now), "--replicas=" + strconv.Itoa(now+1)})
}

func (k Kubernetes) commandLine(args []string) string { return "kubectl " + strings.Join(args, " ") }

const (
	// maxOutput is how much of kubectl's output is kept, in bytes.
	maxOutput = 2 << 10
	// killDelay is how long kubectl's children may keep its output open after it exits.
	killDelay = 2 * time.Second
)

// run runs kubectl and returns its output.
func (k Kubernetes) run(ctx context.Context, args []string) (string, error) {
	var stdout, stderr limitedBuffer
	cmd := exec.CommandContext(ctx, k.Kubectl, args...) //nolint:gosec // The policy is the allow-list.
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &stdout, &stderr, killDelay
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", k.commandLine(args), errors.Join(ctx.Err(), err), stderr.text())
	}
	return stdout.text(), nil
}

// limitedBuffer keeps the first maxOutput bytes that are written to it.
type limitedBuffer struct{ kept bytes.Buffer }

// Write implements io.Writer.
func (b *limitedBuffer) Write(p []byte) (int, error) {
	b.kept.Write(p[:min(len(p), maxOutput-b.kept.Len())])
	return len(p), nil
}

func (b *limitedBuffer) text() string { return strings.TrimSpace(b.kept.String()) }
