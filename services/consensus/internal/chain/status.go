package chain

import (
	"encoding/hex"
	"slices"
	"time"
)

// Validator is a member of the validator set.
type Validator struct {
	Name       string
	Address    string // In hex.
	PublicKey  string // Ed25519, in hex.
	Power      int64
	ShareIndex int
}

// Facts are what does not change while the chain lives, and what a player pins.
type Facts struct {
	ChainID     string
	GenesisHash string // In hex.
	GroupKey    string // In hex.
	Threshold   int
	Dealing     string
	Validators  []Validator
}

// Facts returns the chain's facts. The caller must not change them.
func (n *Node) Facts() Facts { return n.facts }

func (n *Node) readFacts() Facts {
	facts := Facts{
		ChainID:     n.home.genesis.ChainID,
		GenesisHash: hex.EncodeToString(n.home.genesisHash[:]),
		GroupKey:    hex.EncodeToString(n.home.public.GroupKey()),
		Threshold:   n.home.public.Threshold(),
		Dealing:     n.home.state.Dealing,
	}
	for _, v := range n.home.genesis.Validators {
		address := hex.EncodeToString(v.Address)
		i := slices.IndexFunc(n.home.state.Validators, func(g genesisValidator) bool { return g.Address == address })
		facts.Validators = append(facts.Validators, Validator{Name: v.Name, Address: address,
			PublicKey: hex.EncodeToString(v.PubKey.Bytes()), Power: v.Power, ShareIndex: n.home.state.Validators[i].ShareIndex})
	}
	return facts
}

// Status is how the validator and its chain are doing.
type Status struct {
	Name         string
	Address      string // In hex.
	Height       int64
	BlockTime    time.Time
	AppHash      string // In hex.
	CatchingUp   bool
	Members      []string // Those with a vote.
	Connected    []string
	BeaconHeight int64
}

// Status returns how the validator is doing now.
func (n *Node) Status() (Status, error) {
	last := n.app.tip()
	status := Status{
		Name:       n.home.name,
		Address:    hex.EncodeToString(n.home.key.Address()),
		Height:     last.Height,
		AppHash:    hex.EncodeToString(last.AppHash[:]),
		CatchingUp: !n.comet.IsRunning() || n.comet.ConsensusReactor().WaitSync(),
		Connected:  n.Connected(),
	}
	for _, m := range n.app.members() {
		status.Members = append(status.Members, m.name)
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

// Height is the latest final block that the validator has.
func (n *Node) Height() int64 { return n.app.tip().Height }
