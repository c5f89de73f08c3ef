// Package panels defines the dashboards as data. deploy/grafana/generate generates Grafana's JSON from it, and tests run every query.
package panels

import "strings"

// Dashboard is one dashboard.
type Dashboard struct {
	// UID is its name in URLs and files.
	UID, Title, Description string
	Rows                    []Row
}

// Row is a row of panels with a title.
type Row struct {
	Title  string
	Panels []Panel
}

// Panel is a chart over time, or the latest value as a number.
type Panel struct {
	Title, Description string
	// Unit is Grafana's name of the unit, such as "s" or "reqps".
	Unit    string
	Number  bool
	Queries []Query
	// Empty is true if no service exports the metrics yet.
	Empty bool
}

// Query is a PromQL expression and the legend of its series. It may use $__rate_interval.
type Query struct{ Expr, Legend string }

// Expr is a query of a panel, ready for Prometheus.
type Expr struct {
	Dashboard, Panel, Query string
	// Empty is true if no service exports the metrics yet.
	Empty bool
}

// rateInterval replaces $__rate_interval as Grafana would: with four scrape intervals.
const rateInterval = "1m"

// Dashboards returns all dashboards.
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

// chart returns a panel with a chart of one query.
func chart(title, unit, expr, legend string) Panel {
	return Panel{Title: title, Unit: unit, Queries: []Query{{expr, legend}}}
}

// value returns a panel with one number.
func value(title, unit, expr string) Panel {
	return Panel{Title: title, Unit: unit, Number: true, Queries: []Query{{expr, ""}}}
}

// quantiles returns a panel with quantiles of a histogram. The metric's name has no suffix.
func quantiles(title, unit, metric, selector string) Panel {
	p := Panel{Title: title, Unit: unit}
	for _, q := range []string{"0.5", "0.95", "0.99"} {
		p.Queries = append(p.Queries, Query{
			"histogram_quantile(" + q + ", sum by (le) (rate(" + metric + "_bucket" + selector + "[$__rate_interval])))", "quantile " + q})
	}
	return p
}

// describe returns the panel with a description.
func (p Panel) describe(description string) Panel {
	p.Description = description
	return p
}
