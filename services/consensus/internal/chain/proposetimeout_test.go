package chain_test

import (
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// TestADeadProposerIsHardlyWaitedFor would not decide its rounds in time if validators waited for a disconnected proposer as long as for
// a connected one.
func TestADeadProposerIsHardlyWaitedFor(t *testing.T) {
	net := newNetwork(t, 4)
	net.propose = time.Minute
	net.start(0, 1, 2, 3)
	net.connect()
	round := uint64(0)
	next := func(validator int) {
		round++
		net.agree(net.decide(validator, commitment(1, round)))
	}
	proposer := func() (name string) {
		testserver.Eventually(t, "the state after the block", func() bool {
			name = net.nodes[0].NextProposer()
			return name != ""
		})
		return name
	}
	dead := chain.ValidatorName(3)
	for next(0); proposer() == dead; { // If it is its turn when it dies, the others wait for it.
		next(0)
	}
	net.stop(3)
	testserver.Eventually(t, "the others to see it", func() bool {
		return len(net.nodes[0].Connected()) == 3 && len(net.nodes[1].Connected()) == 3 && len(net.nodes[2].Connected()) == 3
	})
	for range 4 { // Eight blocks: it is the dead validator's turn twice.
		next(int(round) % 3)
	}
}
