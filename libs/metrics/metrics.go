// Package metrics reads what processes count: from a registry of this process, or from what another one serves at /metrics.
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

// Families are the metrics of a process at one moment, by name.
type Families map[string]*dto.MetricFamily

// Labels are a metric's.
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

// Parse reads the text format.
func Parse(r io.Reader) (Families, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(r)
	return families, err
}

// maxPage is how much of a page of metrics is read: more is no service's of ours.
const maxPage = 16 << 20

// Read parses the answer to a request for /metrics.
func Read(resp *http.Response) (Families, error) {
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", resp.Request.URL.Path, resp.Status)
	}
	return Parse(io.LimitReader(resp.Body, maxPage))
}

// Values are the counters and gauges of a name.
func (f Families) Values(name string) iter.Seq2[Labels, float64] {
	return func(yield func(Labels, float64) bool) {
		for _, m := range f[name].GetMetric() {
			// A metric is one of the three; the others are nil and count as 0.
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
			if !yield(labelsOf(m), value) {
				return
			}
		}
	}
}

// Sum adds up the counters and gauges of a name that have the labels. found is false where there are none.
func (f Families) Sum(name string, want Labels) (sum float64, found bool) {
	for labels, value := range f.Values(name) {
		if labels.have(want) {
			sum, found = sum+value, true
		}
	}
	return sum, found
}

// LabelValues are the values that a label has among the metrics of a name, in order.
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
