package consensus_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/memnet"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/service/servicetest"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/consensus"
)

// network is a chain whose validators are services in this process.
type network struct {
	// dir is the folder with the homes and the operator's key.
	dir string
	// client returns a client of the first validator.
	client func(self string) consensusv1.ConsensusServiceClient
	// stop stops the i-th validator.
	stop []func()
	// metrics are the metrics of the i-th validator.
	metrics []prometheus.Gatherer
}

func startNetwork(t *testing.T, n int) network {
	t.Helper()
	dir := t.TempDir()
	if err := consensus.InitNetwork(dir, "bitcraps-test", n, time.Now()); err != nil {
		t.Fatal(err)
	}
	addresses := testserver.FreeAddresses(t, n)
	// By name, as in a cluster.
	byName := func(i int) string { return strings.Replace(addresses[i], "127.0.0.1", "localhost", 1) }
	if err := consensus.WritePeers(dir, n, byName); err != nil {
		t.Fatal(err)
	}
	fleet, net := memnet.New(), network{dir: dir}
	for i := range n {
		cfg := consensus.Default().Chain
		cfg.Home, cfg.Listen, cfg.ListenFirst, cfg.ProposeTimeout = consensus.Home(dir, i), addresses[i], 0, 100*time.Millisecond
		scope, registry := telemetry.Discard().For("test", 0), prometheus.NewRegistry()
		scope.Metrics = registry
		svc, err := consensus.New(cfg, scope)
		if err != nil {
			t.Fatal(err)
		}
		net.metrics = append(net.metrics, registry)
		net.stop = append(net.stop, servicetest.Serve(t, fleet, validator(i), svc))
	}
	net.client = func(self string) consensusv1.ConsensusServiceClient {
		return consensusv1.NewConsensusServiceClient(servicetest.Dial(t, fleet, self, rpcclient.Target{
			Service: identity.Consensus, Contracts: []string{"bitcraps.consensus.v1.ConsensusService"}}, validator(0)))
	}
	return net
}

func validator(i int) string { return fmt.Sprintf("validator-%d", i) }
