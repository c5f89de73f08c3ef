package chain_test

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

var discard = slog.New(slog.DiscardHandler)

// network is a chain of validators that run in this process and are connected over loopback.
type network struct {
	t         testing.TB
	dir       string
	addresses []string
	peers     []string
	nodes     []*chain.Node // nil where one is stopped.
	version   uint32        // The protocol version of validators that start from now on; 0 for the release's own.
	// propose and gossip are the ProposeTimeout and GossipSleep of the validators.
	propose, gossip time.Duration
}

func newNetwork(t testing.TB, n int) *network {
	t.Helper()
	net := &network{t: t, dir: t.TempDir(), nodes: make([]*chain.Node, n), propose: 150 * time.Millisecond, gossip: 3 * time.Millisecond}
	if err := chain.InitNetwork(net.dir, "bitcraps-test", n, time.Now()); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		net.addresses = append(net.addresses, testserver.FreeAddress(t))
		id, err := chain.PeerID(net.home(i))
		if err != nil {
			t.Fatal(err)
		}
		net.peers = append(net.peers, id+"@"+net.addresses[i])
	}
	t.Cleanup(func() {
		for i := range net.nodes {
			net.stop(i)
		}
	})
	return net
}

func (n *network) home(i int) string { return filepath.Join(n.dir, chain.ValidatorName(i)) }

func (n *network) config(i int) chain.Config {
	cfg := chain.Config{Home: n.home(i), Listen: n.addresses[i], Version: n.version, ProposeTimeout: n.propose, GossipSleep: n.gossip, SnapshotBlocks: 100}
	for j, peer := range n.peers {
		if j != i {
			cfg.Peers = append(cfg.Peers, peer)
		}
	}
	return cfg
}

// configAs is the i-th validator's configuration, modified by change.
func (n *network) configAs(i int, change func(*chain.Config)) chain.Config {
	cfg := n.config(i)
	change(&cfg)
	return cfg
}

func (n *network) start(which ...int) {
	n.t.Helper()
	for _, i := range which {
		n.startAs(i, func(*chain.Config) {})
	}
}

// startAs starts the i-th validator with a configuration that change modifies.
func (n *network) startAs(i int, change func(*chain.Config)) {
	n.t.Helper()
	n.run(i, func(cfg chain.Config) (*chain.Node, error) {
		change(&cfg)
		return chain.Open(cfg, discard)
	})
}

// startByzantine starts the last validator as a Byzantine one, with a configuration that change modifies.
func (n *network) startByzantine(misbehavior chain.Misbehavior, change func(*chain.Config)) {
	n.t.Helper()
	byzantine := &chain.ByzantineNode{}
	byzantine.SetMisbehavior(misbehavior)
	n.run(len(n.nodes)-1, func(cfg chain.Config) (*chain.Node, error) {
		change(&cfg)
		return chain.OpenByzantine(cfg, discard, byzantine)
	})
}

// run starts the i-th validator, which a function opens.
func (n *network) run(i int, open func(chain.Config) (*chain.Node, error)) {
	n.t.Helper()
	node, err := open(n.config(i))
	if err != nil {
		n.t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.nodes[i] = node
}

func (n *network) stop(i int) {
	n.t.Helper()
	if n.nodes[i] == nil {
		return
	}
	if err := n.nodes[i].Stop(); err != nil {
		n.t.Errorf("stop validator %d: %v", i, err)
	}
	n.nodes[i] = nil
}

// key waits until every running validator has the beacon's key, and fails if two have different ones.
func (n *network) key() string {
	n.t.Helper()
	key := ""
	for _, node := range n.nodes {
		if node == nil {
			continue
		}
		testserver.Eventually(n.t, "the beacon's key", func() bool { return node.Facts().GroupKey != "" })
		if got := node.Facts().GroupKey; key != "" && got != key {
			n.t.Fatalf("%s has the key %s, another has %s", node, got, key)
		}
		key = node.Facts().GroupKey
	}
	return key
}

func commitment(game byte, round uint64) protocol.Commitment {
	return protocol.Commitment{Game: protocol.ID{game}, Round: round, BetsRoot: protocol.Hash{byte(round)}}
}

// decide submits a commitment to validator i, repeatedly as the service does, until it is decided there.
func (n *network) decide(i int, c protocol.Commitment) chain.Decision {
	n.t.Helper()
	d, ok := decideAt(n.nodes[i], c)
	if !ok {
		for _, node := range n.nodes {
			if node != nil {
				status, err := node.Status()
				n.t.Logf("%+v, %v", status, err)
			}
		}
		n.t.Fatalf("round %v was not decided within a minute", order.RoundOf(c))
	}
	return d
}

// decideAt also returns an earlier decision: a test may have submitted the commitment itself.
func decideAt(node *chain.Node, c protocol.Commitment) (chain.Decision, bool) {
	watch := node.Watch(order.RoundOf(c)) // Before Decision is called, so that a decision in between is not missed.
	defer watch.Close()
	if decision, ok, _ := node.Decision(order.RoundOf(c)); ok {
		return decision, true
	}
	again := time.NewTicker(500 * time.Millisecond)
	defer again.Stop()
	for range 120 {
		_ = node.Submit(c.Encode()) // It may be catching up.
		select {
		case decision := <-watch.C:
			return decision, true
		case <-again.C:
		}
	}
	return chain.Decision{}, false
}

// verify checks a decision's beacon against the group key.
func (n *network) verify(groupKey string, d chain.Decision) {
	n.t.Helper()
	if err := verifyBeacon(groupKey, d); err != nil {
		n.t.Error(err)
	}
}

func verifyBeacon(groupKey string, d chain.Decision) error {
	b, err := hex.DecodeString(groupKey)
	if err != nil {
		return err
	}
	key, err := beacon.ParseKey(b)
	if err != nil {
		return err
	}
	if err := key.Verify(d.BeaconHeight, d.Signature); err != nil {
		return fmt.Errorf("beacon of height %d: %w", d.BeaconHeight, err)
	}
	if d.BeaconHeight <= d.Height {
		return fmt.Errorf("beacon height %d is not above decision height %d", d.BeaconHeight, d.Height)
	}
	return nil
}
