package chain_test

import (
	"sync"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// TestConcurrentSubmissions submits the same commitments to validators from several callers at a time, as retries and replicas of the
// game do, while blocks are made of them. Two simultaneous removals from the mempool would panic, and a transaction that was added twice
// would never leave it.
func TestConcurrentSubmissions(t *testing.T) {
	const waves, games, callers = 16, 16, 8
	net := newNetwork(t, 4)
	net.start(0, 1, 2, 3)
	net.key()
	var all sync.WaitGroup
	for caller := range callers {
		node := net.nodes[caller%len(net.nodes)]
		all.Go(func() {
			for wave := range waves {
				testserver.Eventually(t, "a decision on every commitment", func() bool {
					decided := 0
					for game := range games {
						c := commitment(byte(wave*games+game), 1)
						_ = node.Submit(c.Encode()) // It may be decided already.
						if _, ok, err := node.Decision(order.RoundOf(c)); ok && err == nil {
							decided++
						}
					}
					return decided == games
				})
			}
		})
	}
	all.Wait()
	for _, node := range net.nodes {
		testserver.Eventually(t, "an empty pool", func() bool { return node.Waiting() == 0 })
	}
}
