package chain

import (
	"encoding/hex"
	"time"

	"github.com/cometbft/cometbft/consensus"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// Validator is a member of the validator set.
type Validator struct {
	Name       string
	Address    string // In hex.
	PublicKey  string // Ed25519, in hex.
	Power      int64
	ShareIndex int
}

// Facts identify the chain for players, who may pin them. The group key never changes once it is generated; the validators do.
type Facts struct {
	ChainID     string
	GenesisHash string // In hex.
	GroupKey    string // In hex; empty until the validators have generated it.
	Threshold   int
	Validators  []Validator
}

// Facts returns the chain's facts for the next block.
func (n *Node) Facts() Facts {
	members := n.app.votingMembers()
	facts := Facts{
		ChainID:     n.home.genesis.ChainID,
		GenesisHash: hex.EncodeToString(n.home.genesisHash[:]),
		Threshold:   order.Quorum(len(members)),
	}
	if s := n.app.newestSharing(); s != nil {
		facts.GroupKey = hex.EncodeToString(s.public.GroupKey())
	}
	for i, m := range members {
		address := m.Address()
		facts.Validators = append(facts.Validators, Validator{Name: m.Name, Address: hex.EncodeToString(address[:]),
			PublicKey: hex.EncodeToString(m.PublicKey[:]), Power: votingPower, ShareIndex: i})
	}
	return facts
}

// Created is when the chain was created.
func (n *Node) Created() time.Time { return n.home.genesis.GenesisTime }

// Genesis returns the validators of the genesis file, which are the root of a player's trust.
func (n *Node) Genesis() []Validator {
	var validators []Validator
	for i, v := range n.home.genesis.Validators {
		validators = append(validators, Validator{Name: v.Name, Address: hex.EncodeToString(v.Address),
			PublicKey: hex.EncodeToString(v.PubKey.Bytes()), Power: v.Power, ShareIndex: i})
	}
	return validators
}

// Status is the state of the validator and its chain.
type Status struct {
	Name         string
	Address      string // In hex.
	Height       int64
	BlockTime    time.Time
	AppHash      string // In hex.
	CatchingUp   bool
	Connected    []string
	Behind       []Lag
	BeaconHeight int64
	// Epoch is the number of the sharing in force; 0 before the first.
	Epoch uint64
	// Ceremony is the phase of the key ceremony in progress; empty if there is none.
	Ceremony string
	// Pending are the changes of validators that are ordered but not in force yet.
	Pending []string
	// Version is the protocol version that the chain uses.
	Version uint32
}

// Lag is a validator that has fewer blocks than this one.
type Lag struct {
	Name   string
	Height int64
}

// Status returns the current status.
func (n *Node) Status() (Status, error) {
	last, group := n.app.tip(), n.app.Group()
	next := last.Height + 1
	address := n.app.address
	status := Status{
		Name:       n.home.member.Name,
		Address:    hex.EncodeToString(address[:]),
		Height:     last.Height,
		AppHash:    hex.EncodeToString(last.AppHash[:]),
		CatchingUp: !n.comet.IsRunning() || n.comet.ConsensusReactor().WaitSync(),
		Connected:  n.Connected(),
		Behind:     n.behind(last.Height),
		Pending:    group.PendingChanges(next),
		Version:    group.Version,
	}
	if c := group.Ceremony; c != nil {
		status.Ceremony = c.Phase.String()
	}
	if s, ok := group.SharingAt(next); ok {
		status.Epoch = s.Ceremony.Session.Epoch
	}
	if last.Height > 0 && n.comet.IsRunning() {
		if meta := n.comet.BlockStore().LoadBlockMeta(last.Height); meta != nil {
			status.BlockTime = meta.Header.Time
		}
	}
	var err error
	status.BeaconHeight, err = n.store.lastBeacon()
	return status, err
}

// Height returns the latest final block that the validator has.
func (n *Node) Height() int64 { return n.app.tip().Height }

// Connected returns the names of the connected validators; this node comes first if it is a validator itself.
func (n *Node) Connected() (names []string) {
	if order.IndexOf(n.app.votingMembers(), n.app.address) >= 0 {
		names = append(names, n.home.member.Name)
	}
	n.eachConnectedValidator(func(m order.Member, _ p2p.Peer) { names = append(names, m.Name) })
	return names
}

// behind returns the connected validators that lag behind a height by more than the block in progress.
func (n *Node) behind(height int64) (lags []Lag) {
	n.eachConnectedValidator(func(m order.Member, peer p2p.Peer) {
		state, ok := peer.Get(types.PeerStateKey).(*consensus.PeerState)
		if !ok {
			return
		}
		if has := state.GetHeight() - 1; has < height-1 { // A peer's height is that of the block after its last one.
			lags = append(lags, Lag{Name: m.Name, Height: max(has, 0)})
		}
	})
	return lags
}
