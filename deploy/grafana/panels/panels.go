// Package panels says what the dashboards show, as data. deploy/grafana/generate makes Grafana's JSON of it, and tests run
// every query.
package panels

import "strings"

// Dashboard is one page.
type Dashboard struct {
	// UID is its name in URLs and files.
	UID, Title, Description string
	Rows                    []Row
}

// Row is a line of panels under a title.
type Row struct {
	Title  string
	Panels []Panel
}

// Panel is a chart over time, or the latest value as a number.
type Panel struct {
	Title, Description string
	// Unit is Grafana's name of it, such as "s" or "reqps".
	Unit    string
	Number  bool
	Queries []Query
	// Empty is true where nobody exports the metrics yet.
	Empty bool
}

// Query is a PromQL expression and the legend of its series. It may use $__rate_interval.
type Query struct{ Expr, Legend string }

// Expr is a query in its place, ready for Prometheus.
type Expr struct {
	Dashboard, Panel, Query string
	// Empty is true where nobody exports the metrics yet.
	Empty bool
}

// rateInterval is what Grafana would put in the place of $__rate_interval: four scrapes.
const rateInterval = "1m"

// Dashboards are all of them.
func Dashboards() []Dashboard {
	all := []Dashboard{overview, game, consensus, mesh, fairness}
	for _, name := range []string{"gateway", "api", "game", "consensus"} {
		all = append(all, service(name))
	}
	return all
}

// All returns every query of every dashboard.
func All() (all []Expr) {
	for _, d := range Dashboards() {
		for _, row := range d.Rows {
			for _, p := range row.Panels {
				for _, q := range p.Queries {
					all = append(all, Expr{d.UID, p.Title, strings.ReplaceAll(q.Expr, "$__rate_interval", rateInterval), p.Empty})
				}
			}
		}
	}
	return all
}

// chart is a panel with one query.
func chart(title, unit, expr, legend string) Panel {
	return Panel{Title: title, Unit: unit, Queries: []Query{{expr, legend}}}
}

// value is a panel with one number.
func value(title, unit, expr string) Panel {
	return Panel{Title: title, Unit: unit, Number: true, Queries: []Query{{expr, ""}}}
}

// quantiles is a panel of a histogram, whose selector has no suffix.
func quantiles(title, unit, metric, selector string) Panel {
	p := Panel{Title: title, Unit: unit}
	for _, q := range []string{"0.5", "0.95", "0.99"} {
		p.Queries = append(p.Queries, Query{
			"histogram_quantile(" + q + ", sum by (le) (rate(" + metric + "_bucket" + selector + "[$__rate_interval])))", "quantile " + q})
	}
	return p
}

// about says what a panel's title does not.
func (p Panel) about(description string) Panel {
	p.Description = description
	return p
}
