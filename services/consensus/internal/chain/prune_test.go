package chain_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/libs/receipt"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// prove verifies the proof of a round by validator i as anyone could.
func (n *network) prove(i int, d chain.Decision) {
	n.t.Helper()
	proof, err := n.nodes[i].Prove(d.Ordered)
	if err != nil {
		n.t.Fatal(err)
	}
	if err := errors.Join(receipt.CheckValidators(proof), receipt.CheckInclusion(proof, d.Commitment), receipt.CheckSignatures("bitcraps-test", proof)); err != nil {
		n.t.Errorf("the proof of a round in block %d: %v", d.Height, err)
	}
	if proof.GetHeader().GetHeight() != d.Height {
		n.t.Errorf("block %d is proven for %d", proof.GetHeader().GetHeight(), d.Height)
	}
}

// TestRoundsOfPrunedBlocksAreProven decides more rounds than there are retained blocks.
func TestRoundsOfPrunedBlocksAreProven(t *testing.T) {
	net := newNetwork(t, 1)
	net.startAs(0, func(cfg *chain.Config) { cfg.RetainBlocks = 10 })
	var all []chain.Decision
	for round := uint64(1); round <= 20; round++ {
		all = append(all, net.decide(0, commitment(1, round)))
	}
	last := all[len(all)-1]
	if base := net.nodes[0].Base(); base < last.Height-11 || base > last.Height-8 {
		t.Errorf("blocks %d to %d are kept", base, last.BeaconHeight)
	}
	for _, d := range all {
		net.prove(0, d)
	}
	net.stop(0)
	net.start(0)
	for _, d := range all {
		net.prove(0, d)
	}
	net.agree(net.decide(0, commitment(1, 21)))
}

// TestRoundsWithoutARecordAreProvenUntilPruned is a home of an earlier release, which stored no records.
func TestRoundsWithoutARecordAreProvenUntilPruned(t *testing.T) {
	net := newNetwork(t, 1)
	net.startAs(0, func(cfg *chain.Config) { cfg.RetainBlocks = 4 })
	first := net.decide(0, commitment(1, 1))
	if err := net.nodes[0].WithoutRecord(first.Height); err != nil {
		t.Fatal(err)
	}
	net.prove(0, first)
	for round := uint64(2); round <= 6; round++ {
		net.decide(0, commitment(1, round))
	}
	if _, err := net.nodes[0].Prove(first.Ordered); !errors.Is(err, chain.ErrNoBlock) {
		t.Errorf("err = %v", err)
	}
}

// diskBytes is the size of the files of a folder, by subfolder.
func diskBytes(t testing.TB, dir string) (all int64, by map[string]int64) {
	t.Helper()
	by = make(map[string]int64)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) { // Compacted meanwhile.
			return nil
		}
		if err == nil {
			all += info.Size()
			by[filepath.Base(filepath.Dir(path))] += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all, by
}

// TestDecidedRoundsTakeLittleDisk measures the disk space of a round: at most 20 KB, and 2 KB if a block decides a hundred.
// CometBFT's log is excluded, since it has its own bound (walFiles).
func TestDecidedRoundsTakeLittleDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a quarter of a minute")
	}
	for name, tc := range map[string]struct{ blocks, rounds, bytes int }{
		"one round a block":        {100, 1, 20 << 10},
		"a hundred rounds a block": {10, 100, 2 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			net := newNetwork(t, 4)
			for i := range net.nodes {
				net.startAs(i, func(cfg *chain.Config) { cfg.RetainBlocks = 20 })
			}
			for block := range tc.blocks {
				for game := 1; game < tc.rounds; game++ {
					_ = net.nodes[0].Submit(commitment(byte(game), uint64(block+1)).Encode())
				}
				net.decide(0, commitment(0, uint64(block+1)))
			}
			net.stop(0)
			all, by := diskBytes(t, filepath.Join(net.home(0), "data"))
			rounds := int64(tc.blocks * tc.rounds)
			each := (all - by["cs.wal"]) / rounds
			t.Logf("%d rounds, %d a block: %d bytes each, and %d of the log: %v", rounds, tc.rounds, each, by["cs.wal"]/rounds, by)
			if each > int64(tc.bytes) {
				t.Errorf("a round takes %d bytes, more than %d", each, tc.bytes)
			}
		})
	}
}
