package telemetry_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// sink is a collector that remembers the names of each trace's spans.
type sink struct {
	collector.UnimplementedTraceServiceServer
	mu    sync.Mutex
	spans map[string][]string
}

// Export implements the OTLP protocol.
func (s *sink) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, resource := range req.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				id := hex.EncodeToString(span.GetTraceId())
				s.spans[id] = append(s.spans[id], span.GetName())
			}
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

func listen(t testing.TB) (s *sink, url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, server := &sink{spans: make(map[string][]string)}, grpc.NewServer()
	collector.RegisterTraceServiceServer(server, s)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return s, "http://" + listener.Addr().String()
}

func traced(t testing.TB, url string, ratio float64) *telemetry.Telemetry {
	t.Helper()
	cfg := telemetry.Default()
	cfg.OTLPEndpoint, cfg.SampleRatio = url, ratio
	tel, err := telemetry.New(t.Context(), "test", "v0", cfg, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

// TestSampleRatio starts many traces. The number of sent ones is binomially distributed; the bounds are seven standard deviations away from
// the mean.
func TestSampleRatio(t *testing.T) {
	s, url := listen(t)
	tel := traced(t, url, 0.1)
	for range 10_000 {
		ctx, span := tel.Tracer.Tracer("test").Start(t.Context(), "request")
		_, child := telemetry.Child(ctx, "statement")
		child.End()
		span.End()
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.spans); n < 790 || n > 1210 {
		t.Errorf("%d of 10000 traces were sent", n)
	}
	for id, names := range s.spans {
		if len(names) != 2 {
			t.Errorf("trace %s has %v", id, names)
		}
	}
}

// TestErrorsAreSentDespiteTheSampler samples nothing. Only the first spans of failed calls in a process are sent.
func TestErrorsAreSentDespiteTheSampler(t *testing.T) {
	s, url := listen(t)
	tel := traced(t, url, 0)
	failed := errors.New("the disk fell off")
	for name, err := range map[string]error{"well": nil, "refused": errs.New(errorsv1.Reason_REASON_GAME_FULL, "full"), "broken": failed} {
		ctx, root := tel.Tracer.Tracer("test").Start(t.Context(), name, trace.WithSpanKind(trace.SpanKindServer))
		remote := trace.ContextWithRemoteSpanContext(t.Context(), root.SpanContext())
		_, downstream := tel.Tracer.Tracer("test").Start(remote, name+" elsewhere", trace.WithSpanKind(trace.SpanKindServer))
		_, within := telemetry.Child(ctx, name+" within")
		_, client := tel.Tracer.Tracer("test").Start(t.Context(), name+" client", trace.WithSpanKind(trace.SpanKindClient))
		for _, span := range []trace.Span{within, client, downstream, root} {
			telemetry.End(span, err)
		}
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, names := range s.spans {
		got = append(got, names...)
	}
	slices.Sort(got)
	if strings.Join(got, ", ") != "broken, broken elsewhere" {
		t.Errorf("sent were %q", got)
	}
}

// TestUnavailableCollectorCostsSpans ends more spans than may wait for a collector that does not answer. The rest are counted, and the process
// stops gracefully.
func TestUnavailableCollectorCostsSpans(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tel := traced(t, "http://"+listener.Addr().String(), 1) // It accepts connections and never answers.
	const spans = 40_000
	for range spans {
		_, span := tel.Tracer.Tracer("test").Start(t.Context(), "request")
		span.End()
	}
	if n := dropped(t, tel.Registry, "spans"); n < spans/2 {
		t.Errorf("%v spans were dropped before the end", n)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if n := dropped(t, tel.Registry, "spans"); n != spans {
		t.Errorf("%v of %d spans were counted as dropped", n, spans)
	}
}

func TestTraceparents(t *testing.T) {
	const text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	if sc := telemetry.ParseTraceparent(text); !sc.IsSampled() || telemetry.Traceparent(sc) != text {
		t.Errorf("%s became %s", text, telemetry.Traceparent(sc))
	}
	for _, malformed := range []string{"", "00-0-0-01", text + "x"} {
		if sc := telemetry.ParseTraceparent(malformed); sc.IsValid() || telemetry.Traceparent(sc) != "" {
			t.Errorf("%q was read", malformed)
		}
	}
}

// BenchmarkSpan measures the cost of a call's span: exported, recorded in case the call fails, and without a collector.
func BenchmarkSpan(b *testing.B) {
	_, url := listen(b)
	for name, tel := range map[string]*telemetry.Telemetry{"sampled": traced(b, url, 1), "not sampled": traced(b, url, 0), "no collector": traced(b, "", 1)} {
		b.Run(name, func(b *testing.B) {
			tracer := tel.Tracer.Tracer("bench")
			for b.Loop() {
				ctx, span := tracer.Start(b.Context(), "POST /api/v1/games/{game_id}/bets", trace.WithSpanKind(trace.SpanKindServer))
				_, child := telemetry.Child(ctx, "commit")
				telemetry.End(child, nil)
				telemetry.End(span, nil)
			}
		})
		if err := tel.Shutdown(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
