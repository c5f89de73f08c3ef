package remediation_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/remediation"
)

// shipped is the path of the policy in deploy/.
const shipped = "../../../../deploy/remediation/policy.yaml"

// load loads a policy from a text.
func load(t *testing.T, text string) (remediation.Policy, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return remediation.Load(path)
}

func TestShippedPolicyIsValid(t *testing.T) {
	p, err := remediation.Load(shipped)
	if err != nil {
		t.Fatal(err)
	}
	slo, err := os.ReadFile("../../../../deploy/slo/slo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range p.Rules {
		if !strings.Contains(string(slo), "- name: "+r.Alert+"\n") {
			t.Errorf("deploy/slo/slo.yaml has no alert %s", r.Alert)
		}
	}
}

// TestPolicyMistakesAreNamed makes one mistake in the shipped policy at a time.
func TestPolicyMistakesAreNamed(t *testing.T) {
	text, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ old, changed, want string }{
		{"per_hour: 10", "per_hour: 0", "limits.per_hour: 0: want 1 to 60"},
		{"per_hour: 10", "perhour: 10", "field perhour not found"},
		{"target_per_hour: 3", "target_per_hour: 11", "limits.target_per_hour: 11"},
		{"target_pause: 5m", "target_pause: 2h", "limits.target_pause: 2h0m0s"},
		{"alert: Target_Down", "alert: Ledger_Drift", "rules[0].alert: Ledger_Drift is for people"},
		{"alert: Target_Down", "alert: Dice_Unfair", "is for people"},
		{"alert: Target_Down", "alert: Validator_Equivocated", "is for people"},
		{"alert: Target_Down", "alert: 'a b'", `rules[0].alert: "a b"`},
		{"action: rollback", "action: delete", `rules[3].action: "delete": want restart, rollback or scale`},
		{"target: gateway}", "target: gatewy}", `rules[3].target: there is no target "gatewy"`},
		{"target: gateway}", "target: gateway, by: [service]}", "rules[3]: want target or by"},
		{"by: [validator]", "by: [validatr]", `rules[2].by: no target has a label "validatr"`},
		{"name: consensus-0", "name: --all", `targets[0].name: "--all"`},
		{"name: consensus-0", "name: consensus-1", `targets[1].name: "consensus-1" is defined twice`},
		{"executor: fleet, name: api-0", "executor: shell, name: api-0", `targets[6].executor: "shell": want fleet or kubernetes`},
		{"workload: rollout/bitcraps-gateway", "workload: pod/x", `targets[9].workload: "pod/x"`},
		{"workload: rollout/bitcraps-gateway", "workload: rollout/--all", `targets[9].workload: "rollout/--all"`},
		{"{min: 2, max: 6}", "{min: 2, max: 600}", "targets[9].replicas: want 1 <= min <= max <= 100"},
		{"namespace: bitcraps", "namespace: -A", `namespace: "-A"`},
	} {
		changed := strings.Replace(string(text), tc.old, tc.changed, 1)
		if changed == string(text) {
			t.Fatalf("the policy has no %q", tc.old)
		}
		if _, err := load(t, changed); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.changed, err, tc.want)
		}
	}
	for _, text := range []string{"", "rules: []", string(text) + "\n---\nlimits: {}\n"} {
		if _, err := load(t, text); err == nil {
			t.Errorf("%.20q is accepted as a policy", text)
		}
	}
}
