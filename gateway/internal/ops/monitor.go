// Package ops is the operations page: what the processes of one machine do, at a glance and in the last minutes, without another
// program. It looks at the registry and asks the services once for each sample, however many people watch.
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
	// Interval is between two samples, and kept is how many there are: five minutes.
	Interval = 2 * time.Second
	kept     = 150
	// patience is how long the services may take for one sample.
	patience = time.Second
)

// Deps are what a Monitor looks at.
type Deps struct {
	Gatherer prometheus.Gatherer
	// Checks are those of the services.
	Checks []admin.Check
	Game   gamev1.GameServiceClient
	Clock  clockwork.Clock
	Logger *slog.Logger
}

// Monitor keeps the last minutes.
type Monitor struct {
	deps Deps
	loop run.Loop

	mu    sync.Mutex
	at    time.Time // When it last looked, and what it saw.
	last  metrics.Families
	state State
	ring  []Sample
}

// New makes a monitor that looks at nothing before Start.
func New(deps Deps) *Monitor { return &Monitor{deps: deps} }

// Start takes samples until Stop.
func (m *Monitor) Start() { m.loop.Start(m.deps.Clock, Interval, m.look) }

// Stop ends what Start began, if it did.
func (m *Monitor) Stop() { m.loop.Stop() }

// look takes a sample. The first look has nothing to compare with and makes none.
func (m *Monitor) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now := m.deps.Clock.Now()
	families, err := metrics.Gather(m.deps.Gatherer)
	if err != nil { // Of one metric; the others are there.
		m.deps.Logger.DebugContext(ctx, "operations page", "error", err)
	}
	state := stateOf(families)
	state.Services = m.services(ctx)
	state.Rounds, err = latestRounds(ctx, m.deps.Game)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		state.Rounds = m.state.Rounds // What was known. The service's own line says that it does not answer.
	}
	if m.last != nil {
		m.keep(compare(m.last, families, m.at, now))
	}
	m.at, m.last, m.state = now, families, state
}

// keep adds a sample, and forgets the oldest where there are enough.
func (m *Monitor) keep(s Sample) {
	m.ring = append(m.ring, s)
	m.ring = m.ring[max(0, len(m.ring)-kept):]
}

// Service is how a service is.
type Service struct {
	Name string `json:"name"`
	// Status is ok, degraded or failing.
	Status string `json:"status"`
}

// services asks each service; the gateway answers, so it is well.
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

// Data is what the page shows.
type Data struct {
	Time     int64    `json:"time"`
	Interval int64    `json:"interval_ms"`
	Samples  []Sample `json:"samples"`
	State
}

// Data returns the latest state, and the samples behind a time in milliseconds.
func (m *Monitor) Data(after int64) Data {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := Data{Time: m.at.UnixMilli(), Interval: Interval.Milliseconds(), Samples: []Sample{}, State: m.state}
	for _, sample := range m.ring {
		if sample.Time > after {
			d.Samples = append(d.Samples, sample)
		}
	}
	return d
}
