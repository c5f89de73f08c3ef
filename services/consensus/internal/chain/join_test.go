package chain_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// small keeps few blocks and makes snapshots often.
func small(cfg *chain.Config) { cfg.RetainBlocks, cfg.SnapshotBlocks = 20, 10 }

// TestAValidatorThatLostItsDiskJoins removes a validator's data while its peers prune the blocks that it would need to start at
// genesis.
func TestAValidatorThatLostItsDiskJoins(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a quarter of a minute")
	}
	net := newNetwork(t, 4)
	for i := range 4 {
		net.startAs(i, small)
	}
	var all []chain.Decision
	round := uint64(0)
	decide := func(i, rounds int) {
		for range rounds {
			round++
			all = append(all, net.decide(i, commitment(1, round)))
		}
	}
	decide(0, 25)
	net.stop(3)
	if err := os.RemoveAll(filepath.Join(net.home(3), "data")); err != nil {
		t.Fatal(err)
	}
	decide(1, 25)
	if net.nodes[0].Base() <= all[0].Height {
		t.Fatal("nothing was pruned")
	}
	net.startAs(3, small)
	testserver.Eventually(t, "catching up", func() bool { // After a snapshot: pruning continues while it discovers one.
		status, err := net.nodes[3].Status()
		return err == nil && !status.CatchingUp
	})
	decide(2, 10)
	net.agree(all[len(all)-1])
	if base := net.nodes[3].Base(); base <= all[0].Height {
		t.Errorf("it has block %d, and started at genesis", base)
	}
	for _, d := range all { // Including those before its snapshot.
		if got, ok, err := net.nodes[3].Decision(order.RoundOf(d.Commitment)); !ok || err != nil || got.Ordered != d.Ordered || string(got.Signature) != string(d.Signature) {
			t.Errorf("block %d: decision %+v, %v, %v", d.Height, got, ok, err)
		}
		net.prove(3, d)
	}
	// Its vote counts: with one validator stopped, it is needed.
	net.stop(0)
	decide(3, 3)
	net.agree(all[len(all)-1])
	net.stop(3)
	net.startAs(3, small)
	decide(3, 2)
	net.agree(all[len(all)-1])
}

// TestAValidatorJoinsAfterARemoval follows the validators from genesis to a set that has changed.
func TestAValidatorJoinsAfterARemoval(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a quarter of a minute")
	}
	net := newNetwork(t, 4)
	snapshots := func(cfg *chain.Config) { cfg.SnapshotBlocks = 10 }
	for i := range 3 {
		net.startAs(i, snapshots)
	}
	net.startByzantine(chain.Misbehavior{Twice: true}, snapshots)
	round := uint64(0)
	net.awaitEvidence(0, consensusv1.EvidenceKind_EVIDENCE_KIND_EQUIVOCATION, chain.ValidatorName(3), &round)
	net.validators(0, 3)
	net.stop(3)
	var last chain.Decision
	for range 12 {
		round++
		last = net.decide(0, commitment(1, round))
	}
	net.agree(last)
	net.stop(2)
	if err := os.RemoveAll(filepath.Join(net.home(2), "data")); err != nil {
		t.Fatal(err)
	}
	net.startAs(2, snapshots)
	net.agree(last)
	if n := len(net.nodes[2].Facts().Validators); n != 3 {
		t.Errorf("it knows of %d validators", n)
	}
	if base := net.nodes[2].Base(); base < 10 {
		t.Errorf("it has block %d, and started before the removal", base)
	}
	net.prove(2, last)
	round++
	last = net.decide(2, commitment(1, round)) // All three are needed, including the one that joined.
	net.agree(last)
	net.prove(2, last)
}
