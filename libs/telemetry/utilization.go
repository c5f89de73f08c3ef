package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Utilization exports how much of a resource is in use. share is called at every scrape; 1 means all of it.
func (s Scope) Utilization(resource string, share func() float64) {
	s.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "bitcraps_resource_utilization_percent",
		Help:        "How much of a resource is in use, of what the process may have of it.",
		ConstLabels: prometheus.Labels{"resource": resource},
	}, func() float64 { return 100 * min(max(share(), 0), 1) }))
}

// Ratio returns part / whole, and 0 if the whole is 0.
func Ratio[N int | int32 | int64 | uint64 | float64](part, whole N) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
