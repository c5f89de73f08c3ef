package panels

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// exported are the metrics that the services export, with the suffixes of their types.
var exported = []string{
	"bitcraps_requests_total", "bitcraps_request_duration_seconds_bucket", "bitcraps_request_duration_seconds_sum",
	"bitcraps_request_duration_seconds_count", "http_requests_total", "bitcraps_errors_total", "bitcraps_resource_utilization_percent",
	"bitcraps_games_completed_total", "bitcraps_game_duration_seconds_bucket", "bitcraps_active_players", "bitcraps_bets_placed_total",
	"bitcraps_rolls_total", "bitcraps_commit_group_size_bucket", "bitcraps_consensus_latency_seconds_bucket",
	"bitcraps_consensus_latency_seconds_count", "bitcraps_consensus_height", "bitcraps_consensus_validators_connected",
	"bitcraps_consensus_missed_precommits_total", "bitcraps_consensus_invalid_shares_total", "bitcraps_consensus_invalid_proposals_total",
	"bitcraps_consensus_equivocations_total", "bitcraps_consensus_absence_ratio", "bitcraps_consensus_beacon_shares_total",
	"bitcraps_dice_total", "bitcraps_dice_chi_square", "bitcraps_dice_window_rolls", "bitcraps_wager_staked_tokens_total",
	"bitcraps_wager_returned_tokens_total", "bitcraps_wager_expected_return_ratio", "bitcraps_ledger_drift_tokens",
	"bitcraps_ledger_checked_timestamp_seconds", "bitcraps_telemetry_dropped_total", "bitcraps_log_lines_total",
	"bitcraps_events_dropped_total", "bitcraps_live_watchers", "bitcraps_live_games", "bitcraps_redis_up",
	"go_goroutines", "process_resident_memory_bytes", "process_cpu_seconds_total",
	// To be exported by mesh-bridge.
	"bitcraps_mesh_peers_connected", "bitcraps_mesh_messages_total",
	// Of Prometheus itself.
	"up", "ALERTS",
}

// rule is a rule of deploy/prometheus/rules.
type rule struct {
	Record string `yaml:"record"`
	Alert  string `yaml:"alert"`
	Expr   string `yaml:"expr"`
}

func rules(t *testing.T) (all []rule) {
	t.Helper()
	files, err := filepath.Glob("../../prometheus/rules/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules (%v)", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var content struct {
			Groups []struct {
				Rules []rule `yaml:"rules"`
			} `yaml:"groups"`
		}
		if err := yaml.Unmarshal(text, &content); err != nil {
			t.Fatal(err)
		}
		for _, group := range content.Groups {
			all = append(all, group.Rules...)
		}
	}
	return all
}

// promtoolQuery matches a query in a runbook.
var promtoolQuery = regexp.MustCompile(`promtool query instant \S+ '([^']*)'`)

// runbookQueries returns the queries that the runbooks tell the person on call to run, with their pages.
func runbookQueries(t *testing.T) map[string]string {
	t.Helper()
	pages, err := filepath.Glob("../../../docs/runbooks/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no runbooks (%v)", err)
	}
	queries := make(map[string]string)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range promtoolQuery.FindAllStringSubmatch(string(text), -1) {
			queries[match[1]] = page
		}
	}
	return queries
}

// TestQueriesUseExportedMetrics parses every query of panels, rules and runbooks, and checks that each of its metrics exists.
func TestQueriesUseExportedMetrics(t *testing.T) {
	known := make(map[string]bool)
	for _, name := range exported {
		known[name] = true
	}
	queries := make(map[string]string)
	for _, r := range rules(t) {
		known[r.Record] = true
		queries[r.Expr] = "rule " + r.Record + r.Alert
	}
	for _, expr := range All() {
		queries[expr.Query] = expr.Dashboard + ", " + expr.Panel
	}
	for query, page := range runbookQueries(t) {
		queries[query] = page
	}
	for query, where := range queries {
		tree, err := parser.NewParser(parser.Options{}).ParseExpr(query)
		if err != nil {
			t.Errorf("%s: %s: %v", where, query, err)
			continue
		}
		parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
			if selector, ok := node.(*parser.VectorSelector); ok && !known[selector.Name] {
				t.Errorf("%s: no service exports %q", where, selector.Name)
			}
			return nil
		})
	}
}

func TestDashboardsHaveUniqueNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, d := range Dashboards() {
		if seen[d.UID] || seen[d.Title] {
			t.Errorf("two dashboards have the UID %s or the title %s", d.UID, d.Title)
		}
		seen[d.UID], seen[d.Title] = true, true
		for _, row := range d.Rows {
			for _, p := range row.Panels {
				if p.Title == "" || p.Unit == "" || len(p.Queries) == 0 {
					t.Errorf("%s: panel %q lacks a title, a unit or a query", d.UID, p.Title)
				}
			}
		}
	}
}
