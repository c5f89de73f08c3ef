// Package admin is the port of a process that operators look into: probes, metrics and profiles. It is kept apart from
// the port that clients reach.
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
)

// Config is the admin section of a service's configuration.
type Config struct {
	Listen string `koanf:"listen" jsonschema_description:"address of /health, /ready, /metrics and /debug/pprof; empty serves none of them"`
}

// Check reports whether one part of the process can do its work, by a name.
type Check struct {
	Name  string
	Check func(context.Context) error
	// Degrades is true for a part without which the process still does most of its work.
	Degrades bool
	// Passive is true for a check that only tells what the process knows already, so that /health tells it too.
	Passive bool
}

// checkTimeout is how long a part may take to say how it is.
const checkTimeout = 2 * time.Second

// Live answers that the process runs, always with 200: to start it again would help none of its parts. It says "degraded"
// where it is known that one of them fails.
func Live(checks []Check) http.Handler {
	known := slices.DeleteFunc(slices.Clone(checks), func(check Check) bool { return !check.Passive })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, parts := "ok", make(map[string]string, len(known))
		for _, check := range known {
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

// Ready answers 200 with "ok" when every part can do its work, 200 with "degraded" when those that can't are not
// essential, else 503 with "failing". It names parts but not their errors, which may hold addresses.
func Ready(checks []Check) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
		defer cancel()
		status, text, parts := http.StatusOK, "ok", make(map[string]string, len(checks))
		failures := failing(ctx, checks)
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

// failing runs all checks at once, so that one part that hangs leaves the others all of the time.
func failing(ctx context.Context, checks []Check) []error {
	failures := make([]error, len(checks))
	var asking sync.WaitGroup
	for i, check := range checks {
		asking.Go(func() { failures[i] = check.Check(ctx) })
	}
	asking.Wait()
	return failures
}

// Metrics answers what Prometheus scrapes.
func Metrics(gatherer prometheus.Gatherer) http.Handler {
	return promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// Handler is everything that the admin port serves.
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
	_ = json.NewEncoder(w).Encode(body) // The client may be gone; nobody else would miss the answer.
}
