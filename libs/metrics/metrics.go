// Package metrics reads Prometheus metrics: from a registry of this process, or from the /metrics endpoint of another one.
package metrics

import (
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Families are the metric families of a process at one moment, by name.
type Families map[string]*dto.MetricFamily

// Labels are the labels of a metric, by name.
type Labels map[string]string

// Gather reads a registry of this process.
func Gather(gatherer prometheus.Gatherer) (Families, error) {
	all, err := gatherer.Gather()
	families := make(Families, len(all))
	for _, family := range all {
		families[family.GetName()] = family
	}
	return families, err
}

// Parse reads Prometheus's text format.
func Parse(r io.Reader) (Families, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(r)
	return families, err
}

// maxBody bounds how many bytes of metrics are read: no service of ours serves more.
const maxBody = 16 << 20

// Read parses the response to a request for /metrics.
func Read(resp *http.Response) (Families, error) {
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", resp.Request.URL.Path, resp.Status)
	}
	return Parse(io.LimitReader(resp.Body, maxBody))
}

// Values returns the counters and gauges with a name.
func (f Families) Values(name string) iter.Seq2[Labels, float64] {
	return func(yield func(Labels, float64) bool) {
		for _, m := range f[name].GetMetric() {
			// A metric has one of the three types; the others are nil and count as 0.
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
			if !yield(labelsOf(m), value) {
				return
			}
		}
	}
}

// Sum adds up the counters and gauges with the name and the labels. found is false if there are none.
func (f Families) Sum(name string, want Labels) (sum float64, found bool) {
	for labels, value := range f.Values(name) {
		if labels.have(want) {
			sum, found = sum+value, true
		}
	}
	return sum, found
}

// LabelValues returns the values of a label among the metrics with a name, sorted.
func (f Families) LabelValues(name, label string) (values []string) {
	for _, m := range f[name].GetMetric() {
		if value := labelsOf(m)[label]; value != "" {
			values = append(values, value)
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

func labelsOf(m *dto.Metric) Labels {
	labels := make(Labels, len(m.GetLabel()))
	for _, pair := range m.GetLabel() {
		labels[pair.GetName()] = pair.GetValue()
	}
	return labels
}

func (l Labels) have(want Labels) bool {
	for name, value := range want {
		if l[name] != value {
			return false
		}
	}
	return true
}
