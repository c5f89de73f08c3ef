package chain_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

var discard = slog.New(slog.DiscardHandler)

// network is a chain of validators that run in this process and talk over loopback.
type network struct {
	t         testing.TB
	dir       string
	addresses []string
	peers     []string
	nodes     []*chain.Node // nil where one is stopped.
}

func newNetwork(t testing.TB, n int) *network {
	t.Helper()
	net := &network{t: t, dir: t.TempDir(), nodes: make([]*chain.Node, n)}
	if err := chain.InitNetwork(net.dir, "bitcraps-test", n, time.Now()); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		net.addresses = append(net.addresses, freeAddress(t))
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

// freeAddress is one that nobody listens on, with a port below those that outgoing connections take.
func freeAddress(t testing.TB) string {
	t.Helper()
	for range 100 {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(10_000)))
		if err != nil {
			continue // Taken.
		}
		defer func() { _ = listener.Close() }()
		return listener.Addr().String()
	}
	t.Fatal("no free port")
	return ""
}

func (n *network) home(i int) string { return filepath.Join(n.dir, chain.ValidatorName(i)) }

func (n *network) start(which ...int) {
	n.t.Helper()
	for _, i := range which {
		n.startAs(i, func(*chain.Config) {})
	}
}

// config is the i-th validator's.
func (n *network) config(i int) chain.Config {
	cfg := chain.Config{Home: n.home(i), Listen: n.addresses[i], ProposeTimeout: 500 * time.Millisecond, GossipSleep: time.Millisecond, SnapshotBlocks: 100}
	for j, peer := range n.peers {
		if j != i {
			cfg.Peers = append(cfg.Peers, peer)
		}
	}
	return cfg
}

// startAs starts the i-th validator with a configuration that change changed.
func (n *network) startAs(i int, change func(*chain.Config)) {
	n.t.Helper()
	cfg := n.config(i)
	change(&cfg)
	node, err := chain.Open(cfg, discard)
	if err != nil {
		n.t.Fatal(err)
	}
	n.nodes[i] = node
	if err := node.Start(); err != nil {
		n.t.Fatal(err)
	}
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

// eventually waits for a condition without a clock of its own: the test's deadline is the limit.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s did not happen within a minute", what)
		}
	}
}

func commitment(game byte, round uint64) protocol.Commitment {
	return protocol.Commitment{Game: protocol.ID{game}, Round: round, BetsRoot: protocol.Hash{byte(round)}}
}

// decide submits a commitment at validator i, again and again as the service does, until it is decided there.
func (n *network) decide(i int, c protocol.Commitment) chain.Decision {
	n.t.Helper()
	watch := n.nodes[i].Watch(order.RoundOf(c))
	defer watch.Close()
	again := time.NewTicker(500 * time.Millisecond)
	defer again.Stop()
	for range 120 {
		_ = n.nodes[i].Submit(c.Encode()) // It may be catching up.
		select {
		case decision := <-watch.C:
			return decision
		case <-again.C:
		}
	}
	n.t.Fatalf("round %v was not decided within a minute", order.RoundOf(c))
	return chain.Decision{}
}

// verify checks a decision's beacon against the group key.
func (n *network) verify(groupKey string, d chain.Decision) {
	n.t.Helper()
	b, err := hex.DecodeString(groupKey)
	if err != nil {
		n.t.Fatal(err)
	}
	key, err := beacon.ParseKey(b)
	if err != nil {
		n.t.Fatal(err)
	}
	if err := key.Verify(d.BeaconHeight, d.Signature); err != nil {
		n.t.Errorf("beacon of height %d: %v", d.BeaconHeight, err)
	}
	if d.BeaconHeight <= d.Height {
		n.t.Errorf("beacon height %d is not above decision height %d", d.BeaconHeight, d.Height)
	}
}

// BenchmarkRound is the time from a commitment's submission to its dice: two blocks.
func BenchmarkRound(b *testing.B) {
	for _, n := range []int{1, 4} {
		b.Run(fmt.Sprintf("validators=%d", n), func(b *testing.B) {
			net := newNetwork(b, n)
			for i := range n {
				net.start(i)
			}
			round := uint64(1)
			net.decide(0, commitment(1, round))
			for b.Loop() {
				round++
				net.decide(int(round)%n, commitment(1, round))
			}
		})
	}
}
