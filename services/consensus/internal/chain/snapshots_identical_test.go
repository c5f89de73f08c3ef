package chain_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// TestValidatorsMakeIdenticalSnapshots compares the snapshots of all: a joining validator fetches one snapshot from several of them.
func TestValidatorsMakeIdenticalSnapshots(t *testing.T) {
	net := newNetwork(t, 4)
	for i := range net.nodes {
		net.startAs(i, func(cfg *chain.Config) { cfg.SnapshotBlocks = 10 })
	}
	for round := uint64(1); round <= 8; round++ {
		net.agree(net.decide(0, commitment(1, round)))
	}
	var first []byte
	for i := range net.nodes {
		var manifest []byte
		testserver.Eventually(t, "the snapshot of block 10", func() bool {
			var err error
			manifest, err = os.ReadFile(filepath.Join(net.home(i), "data", "snapshots", "10", "manifest.json"))
			return err == nil
		})
		if first == nil {
			first = manifest
		}
		if !bytes.Equal(manifest, first) {
			t.Errorf("validator %d offers another snapshot than validator 0", i)
		}
	}
}
