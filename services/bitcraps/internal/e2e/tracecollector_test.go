package e2e_test

import (
	"context"
	"encoding/hex"
	"net"
	"slices"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// span is a span as the collector received it.
type span struct {
	*tracev1.Span
	process string
	attrs   map[string]any
}

func (s span) id() string     { return hex.EncodeToString(s.GetSpanId()) }
func (s span) parent() string { return hex.EncodeToString(s.GetParentSpanId()) }

// links returns the ids of the spans that it links to.
func (s span) links() (ids []string) {
	for _, link := range s.GetLinks() {
		ids = append(ids, hex.EncodeToString(link.GetSpanId()))
	}
	return ids
}

// traceCollector is an OpenTelemetry collector that keeps every span, by trace.
type traceCollector struct {
	collector.UnimplementedTraceServiceServer
	url string

	mu     sync.Mutex
	traces map[string]spanList
}

func newTraceCollector(t *testing.T) *traceCollector {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sink, server := &traceCollector{url: "http://" + listener.Addr().String(), traces: map[string]spanList{}}, grpc.NewServer()
	collector.RegisterTraceServiceServer(server, sink)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return sink
}

// Export implements the OTLP protocol.
func (s *traceCollector) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, resource := range req.GetResourceSpans() {
		process, _ := attributes(resource.GetResource().GetAttributes())["service.name"].(string)
		for _, scope := range resource.GetScopeSpans() {
			for _, one := range scope.GetSpans() {
				id := hex.EncodeToString(one.GetTraceId())
				s.traces[id] = append(s.traces[id], span{one, process, attributes(one.GetAttributes())})
			}
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

// trace returns the spans of a trace.
func (s *traceCollector) trace(id string) spanList {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.traces[id]
}

func attributes(all []*common.KeyValue) map[string]any {
	out := make(map[string]any, len(all))
	for _, one := range all {
		switch value := one.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			out[one.GetKey()] = value.StringValue
		case *common.AnyValue_IntValue:
			out[one.GetKey()] = value.IntValue
		}
	}
	return out
}

// spanList is a trace's spans.
type spanList []span

func (tr spanList) named(name string) (found spanList) {
	for _, one := range tr {
		if one.GetName() == name {
			found = append(found, one)
		}
	}
	return found
}

func (tr spanList) byID(id string) (span, bool) {
	i := slices.IndexFunc(tr, func(s span) bool { return s.id() == id })
	if i < 0 {
		return span{}, false
	}
	return tr[i], true
}

// hasAncestor reports whether a span has an ancestor of a name.
func (tr spanList) hasAncestor(s span, name string) bool {
	for parent, ok := tr.byID(s.parent()); ok; parent, ok = tr.byID(parent.parent()) {
		if parent.GetName() == name {
			return true
		}
	}
	return false
}

// names returns the names of all spans, for messages.
func (tr spanList) names() (all []string) {
	for _, one := range tr {
		all = append(all, one.process+": "+one.GetName())
	}
	return all
}
