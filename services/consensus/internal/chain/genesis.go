package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// distributed is the only dealing that a genesis file may name: distributed key generation by the validators.
const distributed = "distributed"

// genesisState is the app_state of the genesis file.
type genesisState struct {
	Dealing     string          `json:"dealing"`
	OperatorKey order.PublicKey `json:"operator_key"`
	PhaseTimeMS int64           `json:"phase_time_ms"`
	// Validators are those of the first blocks, in the order of their shares.
	Validators []order.Member `json:"validators"`
}

func (g genesisState) hash() (protocol.Hash, error) {
	text, err := json.Marshal(g)
	return sha256.Sum256(text), err
}

// votingPower is the voting power of each validator. It must be even, because a block's time is the median of the votes' times weighted
// by power, rounded down: for three votes of power 1 that is the earliest, so a single validator with a slow clock would stop the chain.
const votingPower = 10

// parseGenesisState reads and checks the app_state of a genesis file.
func parseGenesisState(genesis *types.GenesisDoc) (state genesisState, err error) {
	if err := json.Unmarshal(genesis.AppState, &state); err != nil {
		return state, fmt.Errorf("genesis: app_state: %w", err)
	}
	if state.Dealing != distributed {
		return state, fmt.Errorf("genesis: dealing is %q; this release knows only %q: make a new chain with `bitcraps chain init`", state.Dealing, distributed)
	}
	if state.PhaseTimeMS <= 0 {
		return state, errors.New("genesis: phase_time_ms: want more than 0")
	}
	if len(state.Validators) != len(genesis.Validators) || len(state.Validators) > protocol.MaxMembers {
		return state, fmt.Errorf("genesis: app_state names %d validators, validators %d; at most %d", len(state.Validators), len(genesis.Validators), protocol.MaxMembers)
	}
	for i, v := range genesis.Validators {
		if v.Power != votingPower || !bytes.Equal(v.PubKey.Bytes(), state.Validators[i].PublicKey[:]) {
			return state, fmt.Errorf("genesis: validator %d has another power than %d, or app_state another key for it", i, votingPower)
		}
		state.Validators[i].Version = order.FirstVersion
		if id := state.Validators[i].NodeID; id == (order.NodeID{}) || slices.ContainsFunc(state.Validators[:i], func(m order.Member) bool { return m.NodeID == id }) {
			return state, fmt.Errorf("genesis: validator %d has the node_id of another, or none", i)
		}
	}
	return state, nil
}

// group returns the initial group of the chain.
func (g genesisState) group(chainID string) (*order.Group, error) {
	hash, err := g.hash()
	if err != nil {
		return nil, err
	}
	chain := sha256.Sum256(append(append([]byte("bitcraps/chain/1"), hash[:]...), chainID...))
	return order.NewGroup(chain, g.OperatorKey, time.Duration(g.PhaseTimeMS)*time.Millisecond, g.Validators), nil
}

// newGenesis returns the genesis file of a chain with these validators.
func newGenesis(chainID string, operator order.PublicKey, validators []order.Member, now time.Time) (*types.GenesisDoc, error) {
	genesis := &types.GenesisDoc{ChainID: chainID, GenesisTime: now.UTC(), InitialHeight: 1, ConsensusParams: types.DefaultConsensusParams()}
	genesis.ConsensusParams.ABCI.VoteExtensionsEnableHeight = 1
	genesis.ConsensusParams.Block.MaxBytes = 1 << 20
	// Headers and commits are kept as long as evidence may refer to them, even if blocks are pruned.
	genesis.ConsensusParams.Evidence.MaxAgeNumBlocks, genesis.ConsensusParams.Evidence.MaxAgeDuration = 10_000, time.Hour
	for _, m := range validators {
		key := ed25519.PubKey(m.PublicKey[:])
		genesis.Validators = append(genesis.Validators, types.GenesisValidator{Name: m.Name, Address: key.Address(), PubKey: key, Power: votingPower})
	}
	var err error
	genesis.AppState, err = json.Marshal(genesisState{
		Dealing: distributed, OperatorKey: operator, PhaseTimeMS: phaseTime.Milliseconds(), Validators: validators})
	return genesis, errors.Join(err, genesis.ValidateAndComplete())
}

// phaseTime is the timeout of each phase of a new chain's key ceremonies.
const phaseTime = 2 * time.Second
