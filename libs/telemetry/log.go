package telemetry

import (
	"cmp"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

const (
	targetKey = "target"
	auditKey  = "audit"
)

// Audit returns a logger for audit lines, which record who did what to whom: they bypass the filter and the sampling, and are the last to
// be dropped when the disk is slow.
func Audit(logger *slog.Logger) *slog.Logger { return logger.With(auditKey, true) }

// Module returns a logger for a third-party module whose lines are forwarded by an adapter of ours.
func Module(logger *slog.Logger, module string) *slog.Logger { return logger.With(targetKey, module) }

// log is the state that all loggers of a process share.
type log struct {
	filter      filter
	source      bool
	sampleBound uint64 // A trace's lines are logged if the lower half of its id, shifted right by one, is below this bound.
	callSites   callSites
	out         *queue
	json        slog.Handler

	lines, sampledOut *prometheus.CounterVec
	dropped           prometheus.Counter
}

func newLog(cfg Config, w io.Writer, registry prometheus.Registerer, dropped prometheus.Counter) (*log, error) {
	filter, err := cfg.filter()
	if err != nil {
		return nil, err
	}
	l := &log{
		filter: filter, source: cfg.LogSource, sampleBound: uint64(cfg.LogSampleRatio * (1 << 63)), out: &queue{out: w, dropped: dropped}, dropped: dropped,
		lines: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bitcraps_log_lines_total", Help: "Log lines, by level."}, []string{"service", "replica", "level"}),
		sampledOut: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bitcraps_log_sampled_out_total", Help: "Log lines that telemetry.log_sample_ratio left out."}, []string{"service", "replica"}),
	}
	l.json = slog.NewJSONHandler(l.out, &slog.HandlerOptions{Level: slog.LevelDebug})
	registry.MustRegister(l.lines, l.sampledOut)
	return l, nil
}

// logger returns the logger of a service.
func (l *log) logger(service string, replica int) *slog.Logger {
	h := &handler{log: l, json: l.json, sampledOut: l.sampledOut.WithLabelValues(service, strconv.Itoa(replica)), lines: make(map[slog.Level]prometheus.Counter)}
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		h.lines[level] = l.lines.WithLabelValues(service, strconv.Itoa(replica), level.String())
	}
	return slog.New(h).With("service", service, "replica", replica)
}

// handler decides which lines are written, and adds attributes from the context to each.
type handler struct {
	*log
	json       slog.Handler
	target     string // The module that logs; empty if it is the package that calls the logger.
	audit      bool
	lines      map[slog.Level]prometheus.Counter
	sampledOut prometheus.Counter
}

// Enabled implements slog.Handler. The calling package is not known yet, so it may return true for lines that Handle filters out.
// Sampling is decided here, before the line costs anything: code that calls Enabled before it logs does not log a line that is sampled
// out, so the line is counted once.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	minLevel := h.filter.minLevel
	if h.target != "" {
		minLevel = h.filter.level(h.target)
	}
	switch {
	case h.audit:
		return true
	case level < minLevel:
		return false
	case level == slog.LevelInfo && h.isSampledOut(trace.SpanContextFromContext(ctx)):
		h.sampledOut.Inc()
		return false
	}
	return true
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, record slog.Record) error {
	at := h.callSites.at(record.PC)
	target, span := cmp.Or(h.target, at.target), trace.SpanContextFromContext(ctx)
	if !h.audit {
		switch {
		case record.Level < h.filter.level(target):
			return nil
		case record.Level < slog.LevelWarn && h.out.halfFull():
			h.dropped.Inc()
			return nil
		}
	}
	h.count(record.Level)
	record.AddAttrs(slog.String(targetKey, target))
	if h.source && h.target == "" && at.line > 0 {
		record.AddAttrs(slog.String("file", at.file), slog.Int("line", at.line))
	}
	if span.IsValid() {
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	if id := RequestID(ctx); id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	return h.json.Handle(ctx, record)
}

// isSampledOut decides by the trace's id, as the sampler of traces does: with the same ratio, exactly the traces that are sent have
// their lines logged.
func (h *handler) isSampledOut(span trace.SpanContext) bool {
	id := span.TraceID()
	return span.IsValid() && binary.BigEndian.Uint64(id[8:])>>1 >= h.sampleBound
}

func (h *handler) count(level slog.Level) {
	if counter, ok := h.lines[level]; ok {
		counter.Inc()
	}
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with, rest := *h, make([]slog.Attr, 0, len(attrs))
	for _, attr := range attrs {
		switch attr.Key {
		case targetKey:
			with.target = attr.Value.String()
			continue // Handle adds it.
		case auditKey:
			with.audit = true
		}
		rest = append(rest, attr)
	}
	with.json = h.json.WithAttrs(rest)
	return &with
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	with := *h
	with.json = h.json.WithGroup(name)
	return &with
}
