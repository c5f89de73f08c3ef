package telemetry

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// Request describes an answered request for the metrics. Its strings become labels, so each must have few values: none may be chosen by
// clients.
type Request struct {
	// Method is the HTTP method, or the full name of a gRPC method.
	Method string
	// Endpoint is the pattern of the route, or GRPC.
	Endpoint string
	// Status is the HTTP status; a gRPC call has that of its error's reason.
	Status int
	// Reason is why the request failed, as errs.Name has it; empty if it did not.
	Reason string
	// Stream is true for a request that lasts as long as the client wants, so that its duration means nothing.
	Stream bool
}

// GRPC is the endpoint of every gRPC call.
const GRPC = "grpc"

// requestBuckets are fine in the range of bets and rolls, and include the bounds that the service level objectives use.
var requestBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .15, .25, .5, 1, 2.5, 5, 10}

// Requests are the golden signals of a server: traffic, latency and errors, the same for REST and gRPC.
type Requests struct {
	requests, statuses, errors *prometheus.CounterVec
	duration                   *prometheus.HistogramVec

	mu    sync.RWMutex
	known map[Request]series // Looking them up by labels costs more than counting.
}

// series are the time series of one kind of request.
type series struct {
	request, status, failure prometheus.Counter  // failure is nil for requests that did not fail.
	duration                 prometheus.Observer // nil for streams.
}

// NewRequests registers the metric families. It returns nil, which observes nothing, if telemetry is disabled.
func NewRequests(scope Scope) *Requests {
	if scope.Disabled {
		return nil
	}
	r := &Requests{
		known: make(map[Request]series),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bitcraps_requests_total", Help: "Requests answered over REST and gRPC, by method, endpoint and HTTP status.",
		}, []string{"method", "endpoint", "code"}),
		statuses: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total", Help: "The same requests by HTTP status alone.",
		}, []string{"status"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bitcraps_errors_total", Help: "Requests that failed, by reason; warning is the caller's fault, critical is ours.",
		}, []string{"type", "severity"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "bitcraps_request_duration_seconds", Help: "Time to answer a request, streams excepted.", Buckets: requestBuckets,
		}, []string{"method", "status"}),
	}
	scope.Metrics.MustRegister(r.requests, r.statuses, r.errors, r.duration)
	return r
}

// Observe counts a request and its duration. If the context's trace is sampled, its id is the exemplar of the duration.
func (r *Requests) Observe(ctx context.Context, req Request, took time.Duration) {
	if r == nil {
		return
	}
	s := r.of(req)
	s.request.Inc()
	s.status.Inc()
	if s.failure != nil {
		s.failure.Inc()
	}
	if s.duration == nil {
		return
	}
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		s.duration.(prometheus.ExemplarObserver).ObserveWithExemplar(took.Seconds(), prometheus.Labels{"trace_id": span.TraceID().String()})
		return
	}
	s.duration.Observe(took.Seconds())
}

// of returns the series of a kind of request.
func (r *Requests) of(req Request) series {
	r.mu.RLock()
	s, ok := r.known[req]
	r.mu.RUnlock()
	if ok {
		return s
	}
	status := strconv.Itoa(req.Status)
	s.request, s.status = r.requests.WithLabelValues(req.Method, req.Endpoint, status), r.statuses.WithLabelValues(status)
	if req.Reason != "" {
		s.failure = r.errors.WithLabelValues(req.Reason, severity(req.Status))
	}
	if !req.Stream {
		s.duration = r.duration.WithLabelValues(req.Method, status)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known[req] = s
	return s
}

func severity(status int) string {
	if status >= http.StatusInternalServerError {
		return "critical"
	}
	return "warning"
}
