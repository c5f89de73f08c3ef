// Package admin serves the admin port of a process: health probes, metrics and profiles. It is separate from the port that clients
// reach.
package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/singleflight"
)

// Config is the admin section of a service's configuration.
type Config struct {
	Listen string `koanf:"listen" jsonschema_description:"address of /health, /ready, /metrics and /debug/pprof; empty serves none of them"`
}

// Check is a named health check of one part of the process.
type Check struct {
	Name  string
	Check func(context.Context) error
	// Degrades is true for a part whose failure only degrades the process, which still does most of its work.
	Degrades bool
	// Passive is true for a check that only reports what the process knows already; /health runs those as well.
	Passive bool
}

// checkTimeout bounds the time that the checks may take.
const checkTimeout = 2 * time.Second

// Live answers that the process runs, always with 200: a restart would help none of its parts. The status is "degraded" if a
// passive check fails.
func Live(checks []Check) http.Handler {
	passive := slices.DeleteFunc(slices.Clone(checks), func(check Check) bool { return !check.Passive })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, parts := "ok", make(map[string]string, len(passive))
		for _, check := range passive {
			parts[check.Name] = "ok"
			if check.Check(r.Context()) != nil {
				text, parts[check.Name] = "degraded", "failing"
			}
		}
		body := map[string]any{"status": text}
		if len(parts) > 0 {
			body["parts"] = parts
		}
		write(w, http.StatusOK, body)
	})
}

// Ready answers 200 with "ok" when every check passes, 200 with "degraded" when all failing checks have Degrades set, else 503 with
// "failing". It names parts but not their errors, which may contain addresses. Requests at the same time share one run of the checks, so
// that strangers cannot have the services called as often as they like.
func Ready(checks []Check) http.Handler {
	var runs singleflight.Group
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, text, parts := http.StatusOK, "ok", make(map[string]string, len(checks))
		shared, _, _ := runs.Do("", func() (any, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), checkTimeout)
			defer cancel()
			return runAll(ctx, checks), nil
		})
		failures := shared.([]error)
		for i, check := range checks {
			parts[check.Name] = "ok"
			if failures[i] == nil {
				continue
			}
			parts[check.Name] = "failing"
			if !check.Degrades {
				status, text = http.StatusServiceUnavailable, "failing"
			} else if text == "ok" {
				text = "degraded"
			}
		}
		write(w, status, map[string]any{"status": text, "parts": parts})
	})
}

// runAll runs the checks concurrently, so that one that hangs does not use up the time of the others.
func runAll(ctx context.Context, checks []Check) []error {
	failures := make([]error, len(checks))
	var running sync.WaitGroup
	for i, check := range checks {
		running.Go(func() { failures[i] = check.Check(ctx) })
	}
	running.Wait()
	return failures
}

// Metrics serves the metrics that Prometheus scrapes.
func Metrics(gatherer prometheus.Gatherer) http.Handler {
	return promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// Handler serves the whole admin port.
func Handler(gatherer prometheus.Gatherer, checks []Check) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /health", Live(checks))
	mux.Handle("GET /ready", Ready(checks))
	mux.Handle("GET /metrics", Metrics(gatherer))
	handleProfiles(mux)
	return mux
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // It fails only if the client is gone, and then nobody needs the answer.
}
