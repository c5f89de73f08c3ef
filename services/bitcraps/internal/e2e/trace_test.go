package e2e_test

import (
	"context"
	"encoding/hex"
	"net"
	"slices"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
)

// traceSink is an OpenTelemetry collector that remembers which spans each trace has.
type traceSink struct {
	collector.UnimplementedTraceServiceServer
	mu    sync.Mutex
	spans map[string][]string
}

// Export implements the OTLP protocol.
func (s *traceSink) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
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

// TestOneTraceFromRESTToTheValidators follows a roll that a client began a trace for.
func TestOneTraceFromRESTToTheValidators(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sink, server := &traceSink{spans: map[string][]string{}}, grpc.NewServer()
	collector.RegisterTraceServiceServer(server, sink)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)

	tg, err := launch(t.TempDir(), "telemetry.otlp_endpoint=http://"+listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, tg.url())
	game := c.newGame()
	c.bet(game, "pass_line", 10)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	c.must(200, "POST", game+"/roll", nil, "Traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	if err := tg.stop(); err != nil { // Sends what is still buffered.
		t.Fatal(err)
	}
	sink.mu.Lock()
	defer sink.mu.Unlock()
	for _, want := range []string{
		"POST /api/v1/games/{game_id}/roll", "bitcraps.game.v1.GameService/RollDice", "bitcraps.consensus.v1.ConsensusService/DecideRound", "decide round",
	} {
		if !slices.Contains(sink.spans[trace], want) {
			t.Errorf("the trace has no span %q: %q", want, sink.spans[trace])
		}
	}
}
