package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// record is what logs and metrics say about a request. It is the ResponseWriter of everything within.
type record struct {
	http.ResponseWriter
	route   string // The pattern, so that there are few of them; otherRoute where none fits.
	status  int
	written bool
	cookie  bool // Whether the caller is known by cookie.
}

// otherRoute is the route of a request that no pattern fits.
const otherRoute = "other"

type recordKey struct{}

func recordOf(ctx context.Context) *record {
	if r, ok := ctx.Value(recordKey{}).(*record); ok {
		return r
	}
	return &record{}
}

// WriteHeader implements http.ResponseWriter.
func (r *record) WriteHeader(status int) {
	if !r.written {
		r.status, r.written = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *record) Write(b []byte) (int, error) {
	r.written = true
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *record) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// metrics are the golden signals of the REST side.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bitcraps_requests_total", Help: "REST requests answered, by method, route and status.",
		}, []string{"method", "endpoint", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "bitcraps_request_duration_seconds", Help: "Time to answer a REST request, streams excepted.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .15, .25, .5, 1, 2.5, 5, 10},
		}, []string{"method", "status"}),
	}
	registerer.MustRegister(m.requests, m.duration)
	return m
}

func (g *Gateway) observe(ctx context.Context, r *http.Request, rec *record, took time.Duration) {
	method, code := methodLabel(r.Method), strconv.Itoa(rec.status)
	g.metrics.requests.WithLabelValues(method, rec.route, code).Inc()
	if rec.route != EventsPath && rec.route != SocketPath {
		g.metrics.duration.WithLabelValues(method, code).Observe(took.Seconds())
	}
	level := slog.LevelDebug
	if rec.status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	g.logger.LogAttrs(ctx, level, "http", slog.String("method", method), slog.String("endpoint", rec.route),
		slog.Int("status", rec.status), slog.Duration("duration", took))
}

// methodLabel bounds the values of a label that strangers choose.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodPut, http.MethodPatch, http.MethodHead, http.MethodOptions:
		return method
	}
	return "other"
}
