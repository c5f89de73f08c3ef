// Package alertmanager_test asks amtool who is told of what.
package alertmanager_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// amtool builds the pinned one and runs it.
func amtool(t *testing.T, args ...string) (string, error) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "make", "-C", "../..", "bin/tools/amtool").CombinedOutput(); err != nil {
		t.Fatalf("make bin/tools/amtool: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), "../../bin/tools/amtool", args...).CombinedOutput()
	return string(out), err
}

func TestConfigurationIsValid(t *testing.T) {
	if out, err := amtool(t, "check-config", "alertmanager.yml"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestRemediationHearsOfWhatItActsOn wants no alert of the policy to be inhibited by a critical one.
func TestRemediationHearsOfWhatItActsOn(t *testing.T) {
	config, err := os.ReadFile("alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := os.ReadFile("../remediation/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	spared := regexp.MustCompile(`target_matchers: .*alertname!~"(.*)"`).FindSubmatch(config)
	alerts := regexp.MustCompile(`alert: (\w+)`).FindAllSubmatch(policy, -1)
	if spared == nil || len(alerts) == 0 {
		t.Fatalf("alerts %q, of which %q are spared", alerts, spared)
	}
	matches := regexp.MustCompile("^(?:" + string(spared[1]) + ")$")
	for _, alert := range alerts {
		if !matches.Match(alert[1]) {
			t.Errorf("a critical alert of the same family silences %s", alert[1])
		}
	}
}

func TestRoutes(t *testing.T) {
	for labels, receivers := range map[string]string{
		"alertname=SLO_Burn_Rate_High severity=critical family=api":          "remediation,on-call",
		"alertname=Ledger_Drift severity=critical family=money":              "remediation,on-call",
		"alertname=Consensus_Latency_High severity=warning family=consensus": "remediation,team",
		"alertname=Something": "remediation,team",
	} {
		args := append([]string{"config", "routes", "test", "--config.file=alertmanager.yml", "--verify.receivers=" + receivers}, strings.Fields(labels)...)
		if out, err := amtool(t, args...); err != nil {
			t.Errorf("%s: %v\n%s", labels, err, out)
		}
	}
}
