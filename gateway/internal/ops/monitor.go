// Package ops provides the operations page: the current state and the last minutes of the services in one process, without further
// programs. It reads the metrics registry and queries the services once per sample, however many people view the page.
package ops

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/metrics"
	"github.com/bitcraps/bitcraps/libs/run"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

const (
	// Interval is the time between two samples, and maxSamples how many are kept: five minutes.
	Interval   = 2 * time.Second
	maxSamples = 150
	// sampleTimeout bounds the calls to the services for one sample.
	sampleTimeout = time.Second
)

// Deps are a Monitor's dependencies.
type Deps struct {
	Gatherer prometheus.Gatherer
	// Checks are the services' readiness checks.
	Checks []admin.Check
	Game   gamev1.GameServiceClient
	Clock  clockwork.Clock
	Logger *slog.Logger
}

// Monitor samples the platform's metrics and state, and keeps the samples of the last minutes.
type Monitor struct {
	deps Deps
	loop run.Loop

	mu        sync.Mutex
	sampledAt time.Time // When last and state were read.
	last      metrics.Families
	state     State
	samples   []Sample
}

// New returns a Monitor that takes no samples before Start.
func New(deps Deps) *Monitor { return &Monitor{deps: deps} }

// Start begins to take samples, until Stop.
func (m *Monitor) Start() { m.loop.Start(m.deps.Clock, Interval, m.sample) }

// Stop stops sampling. It may be called without Start.
func (m *Monitor) Stop() { m.loop.Stop() }

// sample takes a sample. The first call only records a baseline.
func (m *Monitor) sample(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sampleTimeout)
	defer cancel()
	now := m.deps.Clock.Now()
	families, err := metrics.Gather(m.deps.Gatherer)
	if err != nil { // One metric failed; the others were gathered.
		m.deps.Logger.DebugContext(ctx, "operations page", "error", err)
	}
	state := stateOf(families)
	state.Services = m.services(ctx)
	state.Rounds, err = latestRounds(ctx, m.deps.Game)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		state.Rounds = m.state.Rounds // Keep the last known rounds. The service's status shows that it does not respond.
	}
	if m.last != nil {
		m.add(sampleBetween(m.last, families, m.sampledAt, now))
	}
	m.sampledAt, m.last, m.state = now, families, state
}

// add appends a sample, and drops the oldest one if there are more than maxSamples.
func (m *Monitor) add(s Sample) {
	m.samples = append(m.samples, s)
	m.samples = m.samples[max(0, len(m.samples)-maxSamples):]
}

// Service is a service's status.
type Service struct {
	Name string `json:"name"`
	// Status is ok, degraded or failing.
	Status string `json:"status"`
}

// services checks each service. The gateway itself serves the page, so it is ok.
func (m *Monitor) services(ctx context.Context) []Service {
	all := []Service{{"gateway", "ok"}}
	for _, check := range m.deps.Checks {
		status := "ok"
		if check.Check(ctx) != nil {
			status = "failing"
			if check.Degrades {
				status = "degraded"
			}
		}
		all = append(all, Service{check.Name, status})
	}
	return all
}

// Data is the content of the page.
type Data struct {
	Time     int64    `json:"time"`
	Interval int64    `json:"interval_ms"`
	Samples  []Sample `json:"samples"`
	State
}

// Data returns the latest state, and the samples after a time in milliseconds.
func (m *Monitor) Data(after int64) Data {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := Data{Time: m.sampledAt.UnixMilli(), Interval: Interval.Milliseconds(), Samples: []Sample{}, State: m.state}
	for _, sample := range m.samples {
		if sample.Time > after {
			d.Samples = append(d.Samples, sample)
		}
	}
	return d
}
