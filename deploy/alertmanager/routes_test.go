// Package alertmanager_test checks Alertmanager's configuration and routes with amtool.
package alertmanager_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// amtool builds the pinned amtool and runs it.
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

// TestRemediatedAlertsAreNotInhibited checks that critical alerts inhibit no alert of the remediation policy.
func TestRemediatedAlertsAreNotInhibited(t *testing.T) {
	config, err := os.ReadFile("alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := os.ReadFile("../remediation/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	excluded := regexp.MustCompile(`target_matchers: .*alertname!~"(.*)"`).FindSubmatch(config)
	alerts := regexp.MustCompile(`alert: (\w+)`).FindAllSubmatch(policy, -1)
	if excluded == nil || len(alerts) == 0 {
		t.Fatalf("alerts %q, excluded from inhibition %q", alerts, excluded)
	}
	matches := regexp.MustCompile("^(?:" + string(excluded[1]) + ")$")
	for _, alert := range alerts {
		if !matches.Match(alert[1]) {
			t.Errorf("a critical alert of the same family inhibits %s", alert[1])
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
