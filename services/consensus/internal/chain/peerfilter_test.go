package chain_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cometbft/cometbft/blocksync"
	"github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/p2p/conn"
	bcproto "github.com/cometbft/cometbft/proto/tendermint/blocksync"
	"github.com/cometbft/cometbft/version"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// outsider starts a node that has made its home from the genesis file and was not added as a validator. It starts at genesis: state sync
// would take longer.
func (n *network) outsider(name string) *chain.Node {
	n.t.Helper()
	genesis, err := os.ReadFile(filepath.Join(n.home(0), "genesis.json"))
	if err != nil {
		n.t.Fatal(err)
	}
	home := filepath.Join(n.t.TempDir(), "outsider")
	if _, err := chain.NewHome(home, name, genesis); err != nil {
		n.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "data", "new"), nil, 0o600); err != nil {
		n.t.Fatal(err)
	}
	node, err := chain.Open(chain.Config{Home: home, Listen: testserver.FreeAddress(n.t), Peers: n.peers, ProposeTimeout: n.propose, GossipSleep: n.gossip}, discard)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = node.Stop() })
	if err := node.Start(); err != nil {
		n.t.Fatal(err)
	}
	return node
}

// TestANonMemberOrdersNothing has a node that only follows the chain commit to a round before the game does.
func TestANonMemberOrdersNothing(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 2, 3)
	net.key()
	outsider := net.outsider("outsider")
	d := net.decide(0, commitment(1, 1))
	testserver.Eventually(t, "following the chain", func() bool {
		got, ok, err := outsider.Decision(order.RoundOf(d.Commitment))
		status, failed := outsider.Status()
		return ok && err == nil && failed == nil && got.Ordered == d.Ordered && !status.CatchingUp && outsider.Peers() == 4
	})
	conflicting := commitment(1, 2)
	conflicting.BetsRoot = protocol.Hash{99}
	for round := uint64(1); round < 6; round++ {
		if err := outsider.Broadcast(conflicting.Encode()); err != nil {
			t.Fatal(err)
		}
		net.decide(0, commitment(2, round))
	}
	if got := net.decide(1, commitment(1, 2)); got.Commitment != commitment(1, 2) {
		t.Errorf("a non-member committed to the round: %+v", got)
	}
	if err := outsider.Submit(conflicting.Encode()); !errors.Is(err, chain.ErrNotMember) {
		t.Errorf("its own callers are told %v", err)
	}
}

// TestAPeersNameIsIgnored has two untrusted peers with a validator's name claim that the next blocks are pruned.
func TestAPeersNameIsIgnored(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 2, 3)
	net.key()
	for range 2 {
		outsider := net.outsider(chain.ValidatorName(1))
		testserver.Eventually(t, "connecting", func() bool { return outsider.Peers() == 4 })
		outsider.ClaimBlocks(1000, 2000)
		testserver.Eventually(t, "being answered", outsider.Answered)
	}
	if net.nodes[0].Overtaken() {
		t.Error("a validator takes itself for overtaken because of claims by untrusted peers")
	}
	net.stop(1)
	testserver.Eventually(t, "missing the validator whose name the untrusted peers have", func() bool {
		return !slices.Contains(net.nodes[0].Connected(), chain.ValidatorName(1))
	})
}

// silent is a peer that connects and sends nothing.
type silent struct{ p2p.BaseReactor }

func (*silent) GetChannels() []*p2p.ChannelDescriptor {
	return []*p2p.ChannelDescriptor{{ID: blocksync.BlocksyncChannel, Priority: 1, RecvMessageCapacity: blocksync.MaxMsgSize, MessageType: &bcproto.Message{}}}
}

// dial connects an untrusted peer to a validator of the network.
func (n *network) dial(i int) *p2p.Switch {
	n.t.Helper()
	key := &p2p.NodeKey{PrivKey: ed25519.GenPrivKey()}
	info := p2p.DefaultNodeInfo{ProtocolVersion: p2p.NewProtocolVersion(version.P2PProtocol, version.BlockProtocol, 0), DefaultNodeID: key.ID(),
		ListenAddr: "127.0.0.1:1", Network: "bitcraps-test", Version: "1", Channels: []byte{blocksync.BlocksyncChannel}, Moniker: "silent"}
	sw := p2p.NewSwitch(config.DefaultP2PConfig(), p2p.NewMultiplexTransport(info, *key, conn.DefaultMConnConfig()))
	reactor := &silent{}
	reactor.BaseReactor = *p2p.NewBaseReactor("SILENT", reactor)
	sw.AddReactor("SILENT", reactor)
	sw.SetNodeInfo(info)
	address, err := p2p.NewNetAddressString(n.peers[i])
	if err != nil {
		n.t.Fatal(err)
	}
	if err := sw.DialPeerWithAddress(address); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { sw.Peers().ForEach(func(peer p2p.Peer) { sw.StopPeerGracefully(peer) }) })
	return sw
}

// TestUntrustedPeersHaveTheirOwnSlots connects more untrusted peers than there are slots, and then a validator.
func TestUntrustedPeersHaveTheirOwnSlots(t *testing.T) {
	net := newNetwork(t, 2)
	net.start(0)
	for range chain.MaxUntrustedPeers {
		net.dial(0)
	}
	testserver.Eventually(t, "connecting", func() bool { return net.nodes[0].Peers() == chain.MaxUntrustedPeers })
	late := net.dial(0)
	testserver.Eventually(t, "being rejected", func() bool { return late.Peers().Size() == 0 })
	net.start(1)
	net.key()
	if got := net.nodes[0].Peers(); got != chain.MaxUntrustedPeers+1 {
		t.Errorf("%d peers are connected", got)
	}
}
