package panels

var overview = Dashboard{
	UID: "bitcraps-overview", Title: "BitCraps: overview", Description: "Service quality for players, objectives, and running processes.",
	Rows: []Row{
		{"Players", []Panel{
			value("Players at tables", "short", `sum(bitcraps_active_players)`),
			value("Requests per second", "reqps", `sum(service:requests:rate5m{service="gateway"})`),
			value("Average request latency", "s", `bitcraps_request_duration_seconds`),
			value("Firing alerts", "short", `count(ALERTS{alertstate="firing"}) or vector(0)`),
		}},
		{"Golden signals", []Panel{
			chart("Requests", "reqps", `service:requests:rate5m`, "{{service}}"),
			chart("Failing requests", "percentunit", `service:request_errors:ratio_rate5m`, "{{service}}"),
			chart("95th percentile of request latency", "s", `service:request_duration_seconds:p95_5m`, "{{service}}"),
			chart("Resource utilization", "percent", `max by (service, resource) (bitcraps_resource_utilization_percent)`, "{{service}} {{resource}}"),
		}},
		{"Objectives", []Panel{
			chart("Remaining error budget", "percentunit", `slo:period_error_budget_remaining:ratio`, "{{slo}}").
				describe("Over the objective's window: 30 days, an hour, a day. Below zero the objective is missed."),
			chart("Burn rate", "short", `slo:current_burn_rate:ratio`, "{{slo}}").describe("At 1 the error budget lasts exactly as long as its window."),
			{Title: "Availability", Unit: "percentunit", Queries: []Query{
				{`1 - slo:sli_error:ratio_rate30d{slo="api_availability"}`, "in 30 days"},
				{`slo:objective:ratio{slo="api_availability"}`, "objective"},
				{`slo:reported_objective:ratio{slo="api_availability"}`, "reported objective"},
			}},
		}},
		{"Processes", []Panel{
			chart("Processes that are up", "short", `sum by (service) (up{job="bitcraps"})`, "{{service}}"),
			chart("Errors in logs", "short", `sum by (service) (increase(bitcraps_log_lines_total{level="ERROR"}[5m])) or vector(0)`, "{{service}}"),
			chart("Dropped telemetry", "cps", `sum by (service, signal) (rate(bitcraps_telemetry_dropped_total[$__rate_interval])) or vector(0)`, "{{service}} {{signal}}"),
			chart("Redis is up", "bool", `min by (service) (bitcraps_redis_up)`, "{{service}}"),
		}},
	},
}
