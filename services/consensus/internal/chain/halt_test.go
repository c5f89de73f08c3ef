package chain_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// TestAValidatorThatDivergesHalts makes one of four compute a different state. The others continue.
func TestAValidatorThatDivergesHalts(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 2, 3)
	round := uint64(1)
	net.agree(net.decide(0, commitment(1, round)))
	net.nodes[3].Diverge()
	for range 100 {
		if net.nodes[3].Halted() != nil {
			break
		}
		round++
		net.decide(0, commitment(1, round))
	}
	if err := net.nodes[3].Wait(); !errors.Is(err, chain.ErrDiverged) {
		t.Fatalf("err = %v", err)
	}
	for i := range 3 {
		if err := net.nodes[i].Halted(); err != nil {
			t.Errorf("validator %d: %v", i, err)
		}
	}
	// It stays halted until its data is replaced.
	net.stop(3)
	if _, err := chain.Open(net.config(3), discard); !errors.Is(err, chain.ErrDiverged) {
		t.Errorf("after a restart: %v", err)
	}
	data := filepath.Join(net.home(3), "data")
	if err := os.Rename(data, data+".diverged"); err != nil {
		t.Fatal(err)
	}
	net.start(3)
	round++
	net.agree(net.decide(3, commitment(1, round)))
}

func TestADamagedStateIsNotOpened(t *testing.T) {
	net := newNetwork(t, 1)
	net.start(0)
	net.decide(0, commitment(1, 1))
	net.nodes[0].CorruptTip()
	net.stop(0)
	if _, err := chain.Open(net.config(0), discard); !errors.Is(err, chain.ErrDiverged) {
		t.Errorf("err = %v", err)
	}
}
