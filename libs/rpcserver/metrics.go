package rpcserver

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/errs"
)

// metrics are the golden signals of a server. The gateway has the same families for REST.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bitcraps_rpc_requests_total",
			Help: "gRPC calls answered, by method and by the HTTP status that the error's reason has.",
		}, []string{"method", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "bitcraps_rpc_duration_seconds",
			Help:    "Time to answer a gRPC call.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"method"}),
	}
	registerer.MustRegister(m.requests, m.duration)
	return m
}

func measured(m *metrics) around {
	return func(ctx context.Context, c call, next func(context.Context) error) error {
		start := time.Now()
		err := next(ctx)
		m.requests.WithLabelValues(c.method, codeOf(err)).Inc()
		if !c.stream {
			m.duration.WithLabelValues(c.method).Observe(time.Since(start).Seconds())
		}
		return err
	}
}

// codeOf is the HTTP status of a call's end, so that one query finds failures over gRPC and REST.
func codeOf(err error) string {
	return strconv.Itoa(errs.HTTPStatus(err))
}
