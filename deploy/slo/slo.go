// Package slo loads the platform's service level objectives and alerts, and generates Prometheus rules from them.
package slo

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// Severities, by which Alertmanager routes alerts.
const (
	Warning  = "warning"
	Critical = "critical"
)

// File is the content of slo.yaml.
type File struct {
	SLOs   []Objective `yaml:"slos"`
	Alerts []Alert     `yaml:"alerts"`
}

// Objective is a service level objective: the ratio of good events that a window must have.
type Objective struct {
	Name        string  `yaml:"name"`
	Description string  `yaml:"description"`
	Target      float64 `yaml:"target"`
	// Reported is a second target that is only reported; no alert is based on it.
	Reported float64 `yaml:"reported"`
	Window   string  `yaml:"window"`
	// Threshold documents what "good" means; Good is its definition for Prometheus.
	Threshold string `yaml:"threshold"`
	Family    string `yaml:"family"`
	// Alert is the name of the burn rate alerts.
	Alert string `yaml:"alert"`
	// Good and Total are the selectors of the counters of good events and of all events.
	Good  string `yaml:"good"`
	Total string `yaml:"total"`
	// MinEvents is the minimum number of events in the long window for an alert to fire.
	MinEvents int        `yaml:"min_events"`
	BurnRates []BurnRate `yaml:"burn_rates"`
}

// BurnRate is the multiple of the sustainable rate at which the error budget may burn in two windows: the long one shows that the burn is
// significant, the short one that it continues.
type BurnRate struct {
	Factor   float64 `yaml:"factor"`
	Long     string  `yaml:"long"`
	Short    string  `yaml:"short"`
	Severity string  `yaml:"severity"`
}

// Alert is an alert with a hand-written expression.
type Alert struct {
	Name        string `yaml:"name"`
	Expr        string `yaml:"expr"`
	For         string `yaml:"for"`
	Severity    string `yaml:"severity"`
	Family      string `yaml:"family"`
	Summary     string `yaml:"summary"`
	Description string `yaml:"description"`
}

//go:embed slo.yaml
var source []byte

// Load returns the slo.yaml of this package.
func Load() (File, error) { return parse(source) }

func parse(text []byte) (f File, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil {
		return File{}, fmt.Errorf("slo.yaml: %w", err)
	}
	return f, f.validate()
}

// alertName matches alert names, which are also the names of runbook files.
var alertName = regexp.MustCompile(`^[A-Z][A-Za-z]*(_[A-Z][A-Za-z]*)+$`)

// validate checks what Prometheus does not, such as names and severities; Prometheus checks expressions and durations.
func (f File) validate() error {
	var errs []error
	alert := func(name, severity, family string) {
		if !alertName.MatchString(name) {
			errs = append(errs, fmt.Errorf("alert %q: want a name such as Ledger_Drift", name))
		}
		if severity != Warning && severity != Critical {
			errs = append(errs, fmt.Errorf("alert %s: severity %q; want %s or %s", name, severity, Warning, Critical))
		}
		if family == "" {
			errs = append(errs, fmt.Errorf("alert %s: family is missing; name the area of the cause", name))
		}
	}
	for _, o := range f.SLOs {
		if o.Target <= 0 || o.Target >= 1 {
			errs = append(errs, fmt.Errorf("slo %s: target %v; want a ratio between 0 and 1", o.Name, o.Target))
		}
		for _, burn := range o.BurnRates {
			alert(o.Alert, burn.Severity, o.Family)
		}
	}
	for _, a := range f.Alerts {
		alert(a.Name, a.Severity, a.Family)
		if a.Summary == "" || a.Description == "" {
			errs = append(errs, fmt.Errorf("alert %s: summary and description are missing; the person on call needs them", a.Name))
		}
	}
	return errors.Join(errs...)
}
