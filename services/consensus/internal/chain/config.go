package chain

import (
	"path/filepath"
	"time"

	cmt "github.com/cometbft/cometbft/config"

	"github.com/bitcraps/bitcraps/libs/protocol"
)

// Config is a validator's configuration.
type Config struct {
	// Home is the folder with keys, genesis and data.
	Home string
	// IdentityFile is the age identity that decrypts the beacon key; empty for the file next to the home.
	IdentityFile string
	// Version is the newest protocol version that this validator may speak; 0 for the release's own.
	Version uint32
	// Listen is the host:port that other validators connect to.
	Listen string
	// Peers are the other validators as id@host:port; if empty, those that the home's peers.json lists.
	Peers []string
	// ProposeTimeout is how long consensus waits for a proposal before it moves on to the next proposer.
	ProposeTimeout time.Duration
	// GossipSleep is how long a gossip goroutine sleeps when it has nothing to send, unless the node is idle.
	GossipSleep time.Duration
	// RetainBlocks is how many blocks are kept; 0 keeps all. Rounds stay provable after their blocks are pruned.
	RetainBlocks int64
	// SnapshotBlocks is the number of blocks between two snapshots of the state; 0 disables snapshots.
	SnapshotBlocks int64
	// ListenFirst is how long the validator listens for another process with its key before it signs its first vote.
	ListenFirst time.Duration
	// SignerAddress is where a remote signer connects; empty signs with the key in the home.
	SignerAddress string
}

// discoveryTime is how long a validator without data discovers snapshots before it picks the best one; CometBFT allows no less.
const discoveryTime = 5 * time.Second

// maxPeers bounds the connections to other validators, in each direction. Untrusted peers have slots of their own (maxUntrustedPeers).
const maxPeers = protocol.MaxMembers

// maxTx bounds a transaction: a deal among protocol.MaxMembers validators is the largest.
const maxTx = 32 << 10

// MaxWaiting bounds the transactions that wait for a block.
const MaxWaiting = 10_000

// cometConfig is tuned for few validators and quick rounds: blocks are made only when there are transactions, and as soon as the
// previous block is committed.
func cometConfig(cfg Config, name string) *cmt.Config {
	c := cmt.DefaultConfig()
	c.SetRoot(cfg.Home)
	c.Moniker = name
	c.FilterPeers = true
	c.RPC.ListenAddress = "" // The only API is our gRPC server.
	c.TxIndex.Indexer = "null"
	c.StateSync.DiscoveryTime = discoveryTime
	c.StateSync.TempDir = filepath.Join(cfg.Home, dataDir)
	c.Storage.DiscardABCIResponses = true

	c.P2P.ListenAddress = "tcp://" + cfg.Listen
	c.P2P.MaxNumInboundPeers, c.P2P.MaxNumOutboundPeers = maxPeers+maxUntrustedPeers, maxPeers
	c.P2P.PexReactor = false
	c.P2P.AddrBook = filepath.Join(dataDir, "addrbook.json")
	c.P2P.AddrBookStrict = false
	c.P2P.AllowDuplicateIP = true
	c.P2P.FlushThrottleTimeout = time.Millisecond
	c.P2P.MaxPacketMsgPayloadSize = 16 << 10
	c.P2P.SendRate, c.P2P.RecvRate = 100<<20, 100<<20

	c.Consensus.WalPath = filepath.Join(walDir, "wal")
	c.Consensus.CreateEmptyBlocks = false
	c.Consensus.TimeoutCommit = 0
	c.Consensus.SkipTimeoutCommit = true
	// An unresponsive proposer delays its blocks by the first of these timeouts, so it is short. Those of later rounds are much longer:
	// a proposer that is merely slow, or far away, gets its block through in the second round.
	c.Consensus.TimeoutPropose, c.Consensus.TimeoutProposeDelta = cfg.ProposeTimeout, 4*cfg.ProposeTimeout
	c.Consensus.TimeoutPrevote, c.Consensus.TimeoutPrevoteDelta = cfg.ProposeTimeout/4, cfg.ProposeTimeout
	c.Consensus.TimeoutPrecommit, c.Consensus.TimeoutPrecommitDelta = cfg.ProposeTimeout/50, cfg.ProposeTimeout
	c.Consensus.PeerGossipSleepDuration = cfg.GossipSleep

	c.Mempool.Size = MaxWaiting
	c.Mempool.CacheSize = 0 // The application knows what was decided, and a cache would keep Submit from sending a transaction again.
	c.Mempool.MaxTxBytes = maxTx
	return c
}
