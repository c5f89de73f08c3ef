package telemetry

import (
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Scope is the telemetry of one service of a process. It must be made by Telemetry.For: users don't check whether its fields are set.
type Scope struct {
	Logger     *slog.Logger
	Metrics    prometheus.Registerer
	Tracer     trace.TracerProvider
	Propagator propagation.TextMapPropagator
	// Disabled is true if requests must not be measured.
	Disabled bool
}

// Unregister unregisters the scope's metrics, so that the service can be built again in the same process.
func (s Scope) Unregister() {
	if m, ok := s.Metrics.(*metrics); ok {
		m.unregisterAll()
	}
}

// metrics is a registerer that remembers its collectors.
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

func (m *metrics) unregisterAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.collectors {
		m.Unregister(c)
	}
	m.collectors = nil
}
