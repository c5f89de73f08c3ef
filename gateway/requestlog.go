package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// record collects what logs and metrics report about a request. It is the ResponseWriter of all inner handlers.
type record struct {
	http.ResponseWriter
	route          string // The contract's pattern; empty if no route matches.
	reason         string // Why the request failed; empty on success.
	status         int
	written        bool
	cookie         bool  // Whether the caller was authenticated by cookie.
	credentialsErr error // Why the credentials of a call that needs none were refused.
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

// observe records a request's outcome in metrics and the log.
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

// endpointLabel returns the pattern that a request matches: a contract's, or that of one of the gateway's own pages.
func endpointLabel(r *http.Request, rec *record) string {
	if rec.route != "" {
		return rec.route
	}
	if _, path, ok := strings.Cut(r.Pattern, " "); ok {
		return path
	}
	return "other"
}

// methodLabel bounds the cardinality of a label whose value clients choose.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodPut, http.MethodPatch, http.MethodHead, http.MethodOptions:
		return method
	}
	return "other"
}
