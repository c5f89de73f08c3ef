package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// record is what logs and metrics say about a request. It is the ResponseWriter of everything within.
type record struct {
	http.ResponseWriter
	route   string // The contract's pattern; empty where none fits.
	reason  string // Why the request failed; empty where it did not.
	status  int
	written bool
	cookie  bool  // Whether the caller is known by cookie.
	unnamed error // Why somebody's credentials named nobody, of a call that a stranger may make too.
}

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

// observe says in metrics and the log what became of a request.
func (g *Gateway) observe(ctx context.Context, r *http.Request, rec *record, took time.Duration) {
	method, endpoint := methodLabel(r.Method), endpointLabel(r, rec)
	g.requests.Observe(ctx, telemetry.Request{Method: method, Endpoint: endpoint, Status: rec.status, Reason: rec.reason,
		Stream: rec.route == EventsPath || rec.route == SocketPath}, took)
	level := slog.LevelDebug
	if rec.status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	if g.logger.Enabled(ctx, level) {
		g.logger.LogAttrs(ctx, level, "http", slog.String("method", method), slog.String("endpoint", endpoint),
			slog.Int("status", rec.status), slog.Duration("duration", took))
	}
}

// endpointLabel is the pattern that a request fits: a contract's, or that of a page beside them.
func endpointLabel(r *http.Request, rec *record) string {
	if rec.route != "" {
		return rec.route
	}
	if _, path, ok := strings.Cut(r.Pattern, " "); ok {
		return path
	}
	return "other"
}

// methodLabel bounds the values of a label that strangers choose.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodPut, http.MethodPatch, http.MethodHead, http.MethodOptions:
		return method
	}
	return "other"
}
