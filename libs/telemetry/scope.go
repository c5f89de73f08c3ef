package telemetry

import (
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Scope is one service's share of a process's telemetry. Telemetry.For makes it: nobody looks whether anything is missing in it.
type Scope struct {
	Logger     *slog.Logger
	Metrics    prometheus.Registerer
	Tracer     trace.TracerProvider
	Propagator propagation.TextMapPropagator
	// Disabled is true where requests are not to be measured.
	Disabled bool
}

// Unregister unregisters the scope's metrics, so that the service can be built again in the same process.
func (s Scope) Unregister() {
	if m, ok := s.Metrics.(*metrics); ok {
		m.forget()
	}
}

// metrics remembers what was registered.
type metrics struct {
	prometheus.Registerer
	mu         sync.Mutex
	collectors []prometheus.Collector
}

// Register implements prometheus.Registerer.
func (m *metrics) Register(c prometheus.Collector) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.collectors = append(m.collectors, c)
	return m.Registerer.Register(c)
}

// MustRegister implements prometheus.Registerer.
func (m *metrics) MustRegister(collectors ...prometheus.Collector) {
	for _, c := range collectors {
		if err := m.Register(c); err != nil {
			panic(err)
		}
	}
}

func (m *metrics) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.collectors {
		m.Unregister(c)
	}
	m.collectors = nil
}
