// Package slo reads what the platform promises and generates the rules by which Prometheus watches it.
package slo

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// Severities, as Alertmanager routes them.
const (
	Warning  = "warning"
	Critical = "critical"
)

// File is slo.yaml.
type File struct {
	SLOs   []Objective `yaml:"slos"`
	Alerts []Alert     `yaml:"alerts"`
}

// Objective is a promise: so many of the events in a window are good.
type Objective struct {
	Name        string  `yaml:"name"`
	Description string  `yaml:"description"`
	Target      float64 `yaml:"target"`
	// Reported is an objective that is shown beside the target and that no alert goes by.
	Reported float64 `yaml:"reported"`
	Window   string  `yaml:"window"`
	// Threshold is what "good" means, for readers; Good says it to Prometheus.
	Threshold string `yaml:"threshold"`
	Family    string `yaml:"family"`
	// Alert is the name of the alerts on its error budget.
	Alert string `yaml:"alert"`
	// Good and Total select the counters of good and of all events.
	Good  string `yaml:"good"`
	Total string `yaml:"total"`
	// MinEvents is how many events the long window must have before it tells anything.
	MinEvents int        `yaml:"min_events"`
	BurnRates []BurnRate `yaml:"burn_rates"`
}

// BurnRate is how many times too fast the budget may be spent in two windows: the long one shows that it matters, the short
// one that it still goes on.
type BurnRate struct {
	Factor   float64 `yaml:"factor"`
	Long     string  `yaml:"long"`
	Short    string  `yaml:"short"`
	Severity string  `yaml:"severity"`
}

// Alert is one that is written by hand.
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

// Load returns the file that is beside this package.
func Load() (File, error) { return parse(source) }

func parse(text []byte) (f File, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil {
		return File{}, fmt.Errorf("slo.yaml: %w", err)
	}
	return f, f.validate()
}

// alertName is a name that is a file's name as well.
var alertName = regexp.MustCompile(`^[A-Z][A-Za-z]*(_[A-Z][A-Za-z]*)+$`)

// validate checks what Prometheus would not: it knows expressions and durations, but not our names.
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
			errs = append(errs, fmt.Errorf("alert %s: family is missing; name what it has its cause in", name))
		}
	}
	for _, o := range f.SLOs {
		if o.Target <= 0 || o.Target >= 1 {
			errs = append(errs, fmt.Errorf("slo %s: target %v; want a share between 0 and 1", o.Name, o.Target))
		}
		for _, burn := range o.BurnRates {
			alert(o.Alert, burn.Severity, o.Family)
		}
	}
	for _, a := range f.Alerts {
		alert(a.Name, a.Severity, a.Family)
		if a.Summary == "" || a.Description == "" {
			errs = append(errs, fmt.Errorf("alert %s: summary and description are what the person who is woken reads", a.Name))
		}
	}
	return errors.Join(errs...)
}
