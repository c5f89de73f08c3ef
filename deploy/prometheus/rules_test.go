// Package prometheus_test checks Prometheus's configuration and rules with promtool, and runs Prometheus and Alertmanager with them.
package prometheus_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/bitcraps/bitcraps/deploy/slo"
	"github.com/bitcraps/bitcraps/libs/testserver"
)

// promtool runs promtool, and fails the test with its output if it fails.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), testserver.Program(t, "promtool", "prometheus"), args...).CombinedOutput()
	if err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files (%v)", pattern, err)
	}
	return files
}

func TestConfigurationIsValid(t *testing.T) {
	promtool(t, "check", "config", "prometheus.yml")
	promtool(t, append([]string{"check", "rules", "--lint", "all", "--lint-fatal"}, glob(t, "rules/*.yaml")...)...)
}

func TestRules(t *testing.T) {
	for _, file := range glob(t, "tests/*.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) { promtool(t, "test", "rules", file) })
	}
}

// testCase is a test case for promtool.
type testCase struct {
	Name       string `yaml:"name"`
	AlertTests []struct {
		Alertname string `yaml:"alertname"`
		Expected  []any  `yaml:"exp_alerts"`
	} `yaml:"alert_rule_test"`
	ExprTests []struct {
		Expected []struct {
			Labels string `yaml:"labels"`
		} `yaml:"exp_samples"`
	} `yaml:"promql_expr_test"`
}

// fires reports whether the case expects the alert.
func (c testCase) fires(alert string) bool {
	for _, test := range c.AlertTests {
		if test.Alertname == alert && len(test.Expected) > 0 {
			return true
		}
	}
	for _, test := range c.ExprTests {
		for _, sample := range test.Expected {
			if strings.Contains(sample.Labels, `alertname="`+alert+`"`) {
				return true
			}
		}
	}
	return false
}

// TestEachAlertIsTested checks that for each alert there is a case in which it fires, and one named after it in which it does not.
func TestEachAlertIsTested(t *testing.T) {
	var cases []testCase
	for _, file := range glob(t, "tests/*.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var content struct {
			Tests []testCase `yaml:"tests"`
		}
		if err := yaml.Unmarshal(text, &content); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, content.Tests...)
	}
	file, err := slo.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, alert := range file.Names() {
		if !slices.ContainsFunc(cases, func(c testCase) bool { return c.fires(alert) }) {
			t.Errorf("in no case %s fires", alert)
		}
		if !slices.ContainsFunc(cases, func(c testCase) bool { return strings.Contains(c.Name, alert) && !c.fires(alert) }) {
			t.Errorf("in no case named after it %s is silent", alert)
		}
	}
}
