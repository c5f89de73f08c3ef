package slo

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestRulesAreGenerated(t *testing.T) {
	file, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	files, err := file.Rules()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("../prometheus/rules", name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from slo.yaml (%v); run make generate", name, err)
		}
	}
}

// TestEachAlertHasRunbook checks that docs/runbooks and its index match the alerts.
func TestEachAlertHasRunbook(t *testing.T) {
	file, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	const runbooks = "../../docs/runbooks"
	index, err := os.ReadFile(filepath.Join(runbooks, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range file.Names() {
		page, err := os.ReadFile(filepath.Join(runbooks, name+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, part := range []string{"# " + name + "\n", "\n## What it means\n", "\n## Impact on players\n", "\n## First checks\n", "\n## Fix\n", "\n## Resolved when\n"} {
			if !strings.Contains(string(page), part) {
				t.Errorf("%s.md lacks %q", name, strings.TrimSpace(part))
			}
		}
		if !strings.Contains(string(index), "("+name+".md)") {
			t.Errorf("the index of the runbooks lacks %s", name)
		}
	}
	pages, err := filepath.Glob(filepath.Join(runbooks, "[A-Z]*_*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if name := strings.TrimSuffix(filepath.Base(page), ".md"); !slices.Contains(file.Names(), name) {
			t.Errorf("%s does not belong to an alert", page)
		}
	}
}

func TestValidation(t *testing.T) {
	for text, want := range map[string]string{
		"slos: [{name: a, target: 99.9}]":                                         "slo a: target 99.9; want a ratio between 0 and 1",
		"alerts: [{name: Too_Slow, severity: loud, family: a}]":                   `severity "loud"; want warning or critical`,
		"alerts: [{name: too_slow, severity: warning, family: a}]":                `alert "too_slow": want a name such as Ledger_Drift`,
		"alerts: [{name: Too_Slow, severity: warning}]":                           "family is missing",
		"alerts: [{name: Too_Slow, severity: warning, family: a, summary: slow}]": "summary and description",
		"alerts: [{nam: Too_Slow}]":                                               "field nam not found",
	} {
		if _, err := parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}

// TestIncidentPlanIsComplete parses the incident plan as programs do.
func TestIncidentPlanIsComplete(t *testing.T) {
	text, err := os.ReadFile("../../docs/runbooks/critical-incident.yml")
	if err != nil {
		t.Fatal(err)
	}
	var plan struct {
		Severity   string              `yaml:"severity"`
		SLA        string              `yaml:"sla"`
		Triggers   []string            `yaml:"triggers"`
		Actions    []string            `yaml:"immediate_actions"`
		Steps      []string            `yaml:"investigation_steps"`
		Recovery   map[string][]string `yaml:"recovery_procedures"`
		Resolution []string            `yaml:"resolution_criteria"`
	}
	if err := yaml.Unmarshal(text, &plan); err != nil {
		t.Fatal(err)
	}
	if plan.Severity != "P0" || plan.SLA != "15 minutes" || len(plan.Triggers) != 4 || len(plan.Actions) != 4 || len(plan.Steps) != 4 ||
		len(plan.Recovery) != 3 || len(plan.Resolution) != 4 {
		t.Errorf("the plan is %+v", plan)
	}
}
