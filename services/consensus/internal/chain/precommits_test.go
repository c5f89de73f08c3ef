package chain_test

import (
	"errors"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// TestACorruptShareCostsNoBeacon has a validator catch up from one that corrupts its own share, which is needed, in the blocks that it serves.
func TestACorruptShareCostsNoBeacon(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 3)
	net.run(2, func(cfg chain.Config) (*chain.Node, error) { return chain.OpenCorruptBlockServer(cfg, discard) })
	net.key()
	net.agree(net.decide(0, commitment(1, 1)))
	net.stop(3)
	var away []chain.Decision
	for round := uint64(2); round < 12; round++ {
		away = append(away, net.decide(0, commitment(1, round)))
		net.agree(away[len(away)-1])
	}
	net.stop(0)
	net.stop(1)
	net.start(3)
	victim := net.nodes[3]
	testserver.Eventually(t, "saying that it lacks a beacon", func() bool { return errors.Is(victim.MissingBeacon(), chain.ErrNoBeacon) })
	testserver.Eventually(t, "fetching blocks", func() bool { return victim.Height() > away[4].Height })
	if got := victim.Collected(); got >= away[0].BeaconHeight {
		t.Errorf("it continued to height %d without the beacon of %d", got, away[0].BeaconHeight)
	}
	net.start(0, 1)
	for _, d := range away {
		net.agree(d)
	}
	if err := victim.MissingBeacon(); err != nil {
		t.Error(err)
	}
	if victim.Peers() != 3 {
		t.Error("it disconnected the peer that helped it")
	}
	net.agree(net.decide(3, commitment(2, 1)))
}
