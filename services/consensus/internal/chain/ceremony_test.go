package chain_test

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// phase waits until the ceremony, as a validator sees it, is in a phase and has the validator's own message.
func (n *network) phase(i int, phase dkg.Phase) {
	n.t.Helper()
	testserver.Eventually(n.t, phase.String(), func() bool {
		group := n.nodes[i].Group()
		c := group.Ceremony
		return c != nil && c.Phase == phase && !c.Awaits(group.Members[i].BeaconKey)
	})
}

// restart stops a validator and starts it again.
func (n *network) restart(i int) {
	n.t.Helper()
	n.stop(i)
	n.start(i)
}

// TestAnAbsentValidatorHasAShareWhenItReturns generates the key without the last validator. One of the others restarts during the dealing
// phase, and all of them during the response phase; in the end every validator's share is needed.
func TestAnAbsentValidatorHasAShareWhenItReturns(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 2)
	net.phase(0, dkg.Dealing)
	net.restart(0)
	if err := net.nodes[1].Submit(commitment(1, 1).Encode()); err == nil {
		t.Error("a round was accepted before there was a key")
	}
	net.phase(1, dkg.Responding)
	for i := range 3 {
		net.stop(i)
	}
	net.start(0, 1, 2)
	key := net.key()
	net.start(3)
	if got := net.key(); got != key {
		t.Fatalf("the key changed from %s to %s", key, got)
	}
	for away := range 4 {
		net.stop(away)
		d := net.decide((away+1)%4, commitment(byte(away), 1))
		net.verify(key, d)
		net.agree(d)
		net.start(away)
	}
}

func TestForeignGenesisIsRefused(t *testing.T) {
	net, other := newNetwork(t, 1), newNetwork(t, 1)
	net.start(0)
	net.key()
	net.stop(0)
	content, err := os.ReadFile(filepath.Join(other.home(0), "genesis.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(net.home(0), "genesis.json"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := chain.Open(chain.Config{Home: net.home(0), Listen: net.addresses[0]}, discard); err == nil {
		t.Error("the home was opened")
	}
}

func TestBeaconKeysAreEncrypted(t *testing.T) {
	net := newNetwork(t, 1)
	sealed, err := os.ReadFile(filepath.Join(net.home(0), "beacon_key.age"))
	if err != nil || !strings.HasPrefix(string(sealed), "age-encryption.org/v1\n") {
		t.Errorf("the beacon key begins with %.20q, %v", sealed, err)
	}
	identity := chain.IdentityFile(net.home(0))
	info, err := os.Stat(identity)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the identity has the mode %v, %v", info.Mode(), err)
	}
	moved := filepath.Join(t.TempDir(), "identity")
	if err := os.Rename(identity, moved); err != nil {
		t.Fatal(err)
	}
	cfg := chain.Config{Home: net.home(0), Listen: net.addresses[0]}
	if _, err := chain.Open(cfg, discard); err == nil || !strings.Contains(err.Error(), "identity_file") {
		t.Errorf("without an identity: %v", err)
	}
	cfg.IdentityFile = chain.IdentityFile(newNetwork(t, 1).home(0))
	if _, err := chain.Open(cfg, discard); err == nil {
		t.Error("another identity opened the key")
	}
	cfg.IdentityFile = moved
	node, err := chain.Open(cfg, discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Stop(); err != nil {
		t.Error(err)
	}
}

// change has the operator order a change at a validator.
func (n *network) change(i int, c order.Change) {
	n.t.Helper()
	key, err := chain.LoadOperatorKey(filepath.Join(n.dir, "operator_key"))
	if err != nil {
		n.t.Fatal(err)
	}
	group := n.nodes[i].Group()
	tx := c.Tx(group.Chain, group.Sequence+1, ed25519.Sign(key, c.SignBytes(group.Chain, group.Sequence+1)))
	if _, err := n.nodes[i].Change(n.t.Context(), tx); err != nil {
		n.t.Fatal(err)
	}
	if _, err := n.nodes[i].Change(n.t.Context(), tx); err != nil {
		n.t.Errorf("a change that was ordered before: %v", err)
	}
}

// join makes the home of one more validator and starts it.
func (n *network) join() order.Member {
	n.t.Helper()
	i := len(n.nodes)
	genesis, err := os.ReadFile(filepath.Join(n.home(0), "genesis.json"))
	if err != nil {
		n.t.Fatal(err)
	}
	card, err := chain.NewHome(n.home(i), chain.ValidatorName(i), genesis)
	if err != nil {
		n.t.Fatal(err)
	}
	id, err := chain.PeerID(n.home(i))
	if err != nil {
		n.t.Fatal(err)
	}
	n.addresses = append(n.addresses, testserver.FreeAddress(n.t))
	n.peers = append(n.peers, id+"@"+n.addresses[i])
	n.nodes = append(n.nodes, nil)
	n.start(i)
	return card
}

// validators waits until a validator knows n validators, and returns their names.
func (n *network) validators(i, count int) (names []string) {
	n.t.Helper()
	testserver.Eventually(n.t, fmt.Sprintf("%d validators", count), func() bool {
		names = nil
		for _, v := range n.nodes[i].Facts().Validators {
			names = append(names, v.Name)
		}
		return len(names) == count
	})
	return names
}

// play has rounds decided at a validator, one after the other, until it is stopped; it returns all of them.
func play(node *chain.Node, done <-chan struct{}, rounds chan<- []chain.Decision) {
	var all []chain.Decision
	for round := uint64(1); ; round++ {
		if d, ok := decideAt(node, commitment(9, round)); ok {
			all = append(all, d)
		}
		select {
		case <-done:
			rounds <- all
			return
		default:
		}
	}
}

// TestValidatorsAreAddedAndRemoved has rounds decided all the time, while a fifth validator joins and the first one leaves.
func TestValidatorsAreAddedAndRemoved(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 2, 3)
	key := net.key()
	done, rounds := make(chan struct{}), make(chan []chain.Decision)
	go play(net.nodes[1], done, rounds)
	newcomer := net.join()
	net.change(1, order.Change{Add: &newcomer})
	net.validators(1, 5)
	net.verify(key, net.decide(4, commitment(1, 1)))

	first := net.nodes[1].Group().Members[0].Address()
	net.change(2, order.Change{Remove: &first})
	if names := net.validators(1, 4); slices.Contains(names, chain.ValidatorName(0)) || !slices.Contains(names, newcomer.Name) {
		t.Errorf("validators are %v", names)
	}
	close(done)
	all := <-rounds
	net.stop(0)
	net.stop(2) // Now the new validator's vote and share are needed.
	last := net.decide(3, commitment(1, 2))
	net.verify(key, last)
	if len(all) < 2 {
		t.Errorf("%d rounds were decided meanwhile", len(all))
	}
	for _, d := range append(all, last) {
		net.verify(key, d)
		net.agree(d)
	}
	t.Logf("%d rounds were decided meanwhile, up to height %d", len(all), last.Height)
	proof, err := net.nodes[3].Prove(last.Ordered)
	if err != nil || len(proof.GetValidators()) != 4 {
		t.Errorf("a proof with %d validators, %v", len(proof.GetValidators()), err)
	}
	for i := range net.nodes {
		net.stop(i)
	}
	// They restart from their own disks; one of them must execute all blocks again.
	if err := os.RemoveAll(filepath.Join(net.home(1), "data", "application.db")); err != nil {
		t.Fatal(err)
	}
	net.start(1, 3, 4)
	net.verify(key, net.decide(3, commitment(1, 3)))
	net.agree(last)
	net.agree(all[0])
}

// TestReleasesAreRolledOutOneByOne rolls out a newer protocol version, one validator at a time.
func TestReleasesAreRolledOutOneByOne(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 2, 3)
	net.key()
	version := func(d chain.Decision) int64 {
		proof, err := net.nodes[0].Prove(d.Ordered)
		if err != nil {
			t.Fatal(err)
		}
		return proof.GetHeader().GetAppVersion()
	}
	net.version = 2
	for i := range 4 {
		if got := version(net.decide(0, commitment(1, uint64(i+1)))); got != 1 {
			t.Errorf("version %d with %d of four releases", got, i)
		}
		net.restart(i)
		testserver.Eventually(t, "announcement", func() bool { return net.nodes[i].Group().Members[i].Version == 2 })
	}
	if got := version(net.decide(0, commitment(1, 5))); got != 2 {
		t.Errorf("version %d with all releases", got)
	}
	net.stop(3)
	net.version = 1
	_, err := chain.Open(net.config(3), discard)
	if err == nil || !strings.Contains(err.Error(), "newer release") {
		t.Errorf("an old release: %v", err)
	}
}

// BenchmarkKey is the time from the start of four validators in one process to the beacon's key.
func BenchmarkKey(b *testing.B) {
	for _, n := range []int{1, 4, 7} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				net := newNetwork(b, n)
				start := time.Now()
				for i := range n {
					net.start(i)
				}
				net.key()
				b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms/key")
				for i := range n {
					net.stop(i)
				}
			}
		})
	}
}

// BenchmarkRefresh is how long four validators take to reshare the secret, until the new shares sign.
func BenchmarkRefresh(b *testing.B) {
	net := newNetwork(b, 4)
	net.start(0, 1, 2, 3)
	net.key()
	epoch := func() uint64 {
		status, err := net.nodes[0].Status()
		if err != nil {
			b.Fatal(err)
		}
		return status.Epoch
	}
	for b.Loop() {
		before := epoch()
		net.change(0, order.Change{})
		testserver.Eventually(b, "the next epoch", func() bool { return epoch() > before })
	}
}
