package chain_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// leaveBehind has three of four validators decide rounds while the last is stopped, until the blocks that it needs are pruned.
func leaveBehind(t *testing.T, net *network, change func(*chain.Config)) (all []chain.Decision) {
	t.Helper()
	for i := range 4 {
		net.startAs(i, change)
	}
	round := uint64(0)
	decide := func(rounds int) {
		for range rounds {
			round++
			all = append(all, net.decide(0, commitment(1, round)))
		}
	}
	decide(10)
	net.agree(all[len(all)-1])
	net.stop(3)
	away := all[len(all)-1].BeaconHeight
	decide(25)
	testserver.Eventually(t, "pruning", func() bool {
		return !slices.ContainsFunc(net.nodes[:3], func(n *chain.Node) bool { return n.Base() <= away+1 })
	})
	return all
}

// TestAnOvertakenValidatorRecovers is what a supervisor sees: the process ends, and its next start restores a snapshot.
func TestAnOvertakenValidatorRecovers(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a quarter of a minute")
	}
	net := newNetwork(t, 4)
	all := leaveBehind(t, net, small)
	net.startAs(3, small)
	if err := net.nodes[3].Wait(); !errors.Is(err, chain.ErrOvertaken) {
		t.Fatalf("err = %v", err)
	}
	if _, ok, err := net.nodes[3].Decision(order.RoundOf(all[0].Commitment)); !ok || err != nil {
		t.Errorf("it removed its data before its next start: %v, %v", ok, err)
	}
	net.stop(3)
	signed, err := os.ReadFile(filepath.Join(net.home(3), "validator_state.json"))
	if err != nil {
		t.Fatal(err)
	}
	node, err := chain.Open(net.configAs(3, small), discard)
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(filepath.Join(net.home(3), "validator_state.json")); err != nil || string(kept) != string(signed) {
		t.Errorf("what it signed is %s, and was %s: %v", kept, signed, err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	net.nodes[3] = node
	all = append(all, net.decide(3, commitment(2, 1)))
	net.agree(all[len(all)-1])
	for _, d := range all {
		if got, ok, err := node.Decision(order.RoundOf(d.Commitment)); !ok || err != nil || got.Ordered != d.Ordered || string(got.Signature) != string(d.Signature) {
			t.Errorf("block %d: decision %+v, %v, %v", d.Height, got, ok, err)
		}
		net.prove(3, d)
	}
	net.stop(0) // Its vote is needed now.
	net.agree(net.decide(3, commitment(2, 2)))
	net.stop(3) // A restart does not repeat state sync.
	net.startAs(3, small)
	net.agree(net.decide(3, commitment(2, 3)))
}

// TestAStrandedValidatorKeepsItsData is overtaken while no validator makes snapshots.
func TestAStrandedValidatorKeepsItsData(t *testing.T) {
	net := newNetwork(t, 4)
	without := func(cfg *chain.Config) { cfg.RetainBlocks, cfg.SnapshotBlocks = 20, 0 }
	all := leaveBehind(t, net, without)
	net.startAs(3, without)
	testserver.Eventually(t, "being stranded", func() bool { return errors.Is(net.nodes[3].Stranded(), chain.ErrStranded) })
	if err := net.nodes[3].Halted(); err != nil {
		t.Errorf("it ended: %v", err)
	}
	net.stop(3)
	net.startAs(3, without)
	if _, ok, err := net.nodes[3].Decision(order.RoundOf(all[0].Commitment)); !ok || err != nil {
		t.Errorf("it lost its data: %v, %v", ok, err)
	}
}

// TestAnInterruptedStateSyncStartsOver stops a validator that has restored the state of a snapshot but has no block yet.
func TestAnInterruptedStateSyncStartsOver(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a quarter of a minute")
	}
	net := newNetwork(t, 4)
	all := leaveBehind(t, net, small)
	if err := os.RemoveAll(filepath.Join(net.home(3), "data")); err != nil {
		t.Fatal(err)
	}
	net.startAs(3, small)
	testserver.Eventually(t, "restoring", func() bool { return net.nodes[3].Height() > 0 })
	if base := net.nodes[3].Base(); base > 0 {
		t.Fatalf("it has block %d already", base)
	}
	net.stop(3)
	net.startAs(3, small)
	all = append(all, net.decide(3, commitment(2, 1)))
	net.agree(all[len(all)-1])
	net.prove(3, all[0])
}

func TestOvertakenIsJudgedByPeers(t *testing.T) {
	const height = 100
	gone, serves, level := [2]int64{150, 200}, [2]int64{90, 200}, [2]int64{50, 100}
	for name, c := range map[string]struct {
		members             int
		peers               [][2]int64
		snapshot            int64
		overtaken, restores bool
	}{
		"nobody is connected":               {members: 4},
		"as many as may be faulty":          {members: 4, peers: [][2]int64{gone}, snapshot: 160, restores: true},
		"one more":                          {members: 4, peers: [][2]int64{gone, gone}, snapshot: 160, overtaken: true, restores: true},
		"as many as may be faulty of seven": {members: 7, peers: [][2]int64{gone, gone}},
		"one more of seven":                 {members: 7, peers: [][2]int64{gone, gone, gone}, overtaken: true},
		"one can serve":                     {members: 4, peers: [][2]int64{gone, gone, serves}, snapshot: 160, restores: true},
		"one is behind too":                 {members: 4, peers: [][2]int64{gone, gone, level}, overtaken: true},
		"one has nothing yet":               {members: 4, peers: [][2]int64{gone, gone, {0, 0}}, overtaken: true},
		"all are level":                     {members: 4, peers: [][2]int64{level, level, level}},
		"the next block is the first kept":  {members: 4, peers: [][2]int64{{101, 200}, {101, 200}}},
		"the next block was the last gone":  {members: 4, peers: [][2]int64{{102, 200}, {102, 200}}, overtaken: true},
		"no snapshot":                       {members: 4, peers: [][2]int64{gone, gone}, overtaken: true},
		"a snapshot of what it has":         {members: 4, peers: [][2]int64{gone, gone}, snapshot: 100, overtaken: true},
		"a snapshot before the gap's end":   {members: 4, peers: [][2]int64{gone, gone}, snapshot: 148, overtaken: true},
		"a snapshot at the gap's end":       {members: 4, peers: [][2]int64{gone, gone}, snapshot: 149, overtaken: true, restores: true},
	} {
		if overtaken, restores := chain.JudgeSync(height, c.members, c.peers, c.snapshot); overtaken != c.overtaken || restores != c.restores {
			t.Errorf("%s: overtaken %v, can restore %v", name, overtaken, restores)
		}
	}
}
