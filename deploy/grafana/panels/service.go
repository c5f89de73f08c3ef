package panels

// service returns the dashboard of a service's golden signals.
func service(name string) Dashboard {
	of := `{service="` + name + `"}`
	return Dashboard{
		UID: "bitcraps-service-" + name, Title: "BitCraps: service " + name, Description: "The golden signals of " + name + ".",
		Rows: []Row{
			{"Traffic and latency", []Panel{
				chart("Requests", "reqps", `topk(10, sum by (method, endpoint) (rate(bitcraps_requests_total`+of+`[$__rate_interval])))`, "{{method}} {{endpoint}}"),
				chart("By status", "reqps", `sum by (status) (rate(http_requests_total`+of+`[$__rate_interval]))`, "{{status}}"),
				quantiles("Latency", "s", "bitcraps_request_duration_seconds", of),
				chart("Slowest methods by p95 latency", "s",
					`topk(5, histogram_quantile(0.95, sum by (method, le) (rate(bitcraps_request_duration_seconds_bucket`+of+`[$__rate_interval]))))`, "{{method}}"),
			}},
			{"Errors", []Panel{
				chart("Failing requests", "percentunit", `service:request_errors:ratio_rate5m`+of, "5xx"),
				chart("By reason", "cps", `sum by (type, severity) (rate(bitcraps_errors_total`+of+`[$__rate_interval])) or vector(0)`, "{{severity}}: {{type}}"),
				chart("Log lines", "cps", `sum by (level) (rate(bitcraps_log_lines_total`+of+`[$__rate_interval]))`, "{{level}}"),
			}},
			{"Saturation", []Panel{
				chart("Resource utilization", "percent", `max by (replica, instance, resource) (bitcraps_resource_utilization_percent`+of+`)`, "{{resource}} of {{replica}} at {{instance}}"),
				chart("Memory", "bytes", `process_resident_memory_bytes`+of, "{{replica}} at {{instance}}"),
				chart("CPU", "short", `rate(process_cpu_seconds_total`+of+`[$__rate_interval])`, "{{replica}} at {{instance}}"),
				chart("Goroutines", "short", `go_goroutines`+of, "{{replica}} at {{instance}}"),
			}},
		},
	}
}
