package chain

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	"github.com/cometbft/cometbft/types"
	"go.dedis.ch/kyber/v4/util/random"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// Files of a validator's home.
const (
	genesisFile   = "genesis.json"
	keyFile       = "validator_key.json"
	signStateFile = "validator_state.json"
	nodeKeyFile   = "node_key.json"
	shareFile     = "beacon_share.json"
	dataDir       = "data"
	walDir        = "data/cs.wal"
	snapshotDir   = "data/snapshots"
	// newFile is in the data folder that chain init makes. A validator whose folder has neither this nor any block lost what
	// it had, and takes its state from its peers.
	newFile = "data/new"
)

// Dealings of the beacon's shares, as the genesis file names them.
const (
	// TrustedDealer made the shares in one place.
	TrustedDealer = "trusted_dealer"
)

// genesisState is the app_state of the genesis file.
type genesisState struct {
	Dealing     string             `json:"dealing"`
	Commitments []string           `json:"commitments"` // Points on G2 in hex; the first is the group key.
	Validators  []genesisValidator `json:"validators"`
}

type genesisValidator struct {
	Name       string `json:"name"`
	Address    string `json:"address"` // In hex.
	ShareIndex int    `json:"share_index"`
}

func (g genesisState) hash() (protocol.Hash, error) {
	text, err := json.Marshal(g)
	return sha256.Sum256(text), err
}

func (g genesisState) public() (*threshold.Public, error) {
	commitments := make([][]byte, len(g.Commitments))
	for i, text := range g.Commitments {
		b, err := hex.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("genesis: commitment %d: %w", i, err)
		}
		commitments[i] = b
	}
	return threshold.ParsePublic(commitments, len(g.Validators))
}

// Faults is how many of n validators may fail in any way: the largest f with 3f + 1 <= n.
func Faults(n int) int { return (n - 1) / 3 }

// Quorum is how many of n validators decide: more than two thirds.
func Quorum(n int) int { return order.Quorum(n) }

// shareDocument is the content of a validator's share file.
type shareDocument struct {
	Index  int    `json:"index"`
	Secret string `json:"secret"` // In hex.
}

// InitNetwork makes a new chain with n validators and writes a home for each into dir: validator-0, validator-1, and so
// on. The beacon's shares come from a dealer, which is this call. It fails where dir holds a chain already.
func InitNetwork(dir, chainID string, n int, now time.Time) error {
	if n < 1 {
		return fmt.Errorf("a chain needs at least one validator, not %d", n)
	}
	if _, err := os.Stat(filepath.Join(dir, ValidatorName(0))); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s holds a chain already; choose another folder or remove it", dir)
	}
	public, shares := threshold.Deal(Quorum(n), n, random.New())
	state := genesisState{Dealing: TrustedDealer}
	for _, commitment := range public.Commitments() {
		state.Commitments = append(state.Commitments, hex.EncodeToString(commitment))
	}
	genesis := types.GenesisDoc{ChainID: chainID, GenesisTime: now.UTC(), InitialHeight: 1, ConsensusParams: types.DefaultConsensusParams()}
	genesis.ConsensusParams.ABCI.VoteExtensionsEnableHeight = 1
	genesis.ConsensusParams.Block.MaxBytes = 1 << 20
	// Headers and commits are kept as long as they could be evidence, also where blocks are pruned.
	genesis.ConsensusParams.Evidence.MaxAgeNumBlocks, genesis.ConsensusParams.Evidence.MaxAgeDuration = 10_000, time.Hour

	keys := make([]ed25519.PrivKey, n)
	for i := range n {
		keys[i] = ed25519.GenPrivKey()
		address := keys[i].PubKey().Address()
		state.Validators = append(state.Validators, genesisValidator{
			Name: ValidatorName(i), Address: hex.EncodeToString(address), ShareIndex: shares[i].Index()})
		genesis.Validators = append(genesis.Validators, types.GenesisValidator{
			Name: ValidatorName(i), Address: address, PubKey: keys[i].PubKey(), Power: 1})
	}
	var err error
	if genesis.AppState, err = json.Marshal(state); err != nil {
		return err
	}
	if err := genesis.ValidateAndComplete(); err != nil {
		return err
	}
	document, err := cmtjson.MarshalIndent(genesis, "", "  ")
	if err != nil {
		return err
	}
	// Homes are written beside their place and moved into it in the end: a crash leaves a whole chain or none.
	for i := n - 1; i >= 0; i-- {
		home := filepath.Join(dir, ValidatorName(i))
		if err := errors.Join(os.RemoveAll(home+".new"), writeHome(home+".new", document, keys[i], shares[i]), os.RemoveAll(home)); err != nil {
			return err
		}
		if err := os.Rename(home+".new", home); err != nil {
			return err
		}
	}
	return nil
}

// ValidatorName is the name of the i-th validator of a new chain.
func ValidatorName(i int) string { return fmt.Sprintf("validator-%d", i) }

func writeHome(home string, genesis []byte, key ed25519.PrivKey, share threshold.Share) error {
	if err := os.MkdirAll(filepath.Join(home, dataDir), 0o700); err != nil {
		return err
	}
	secret, err := share.MarshalBinary()
	if err != nil {
		return err
	}
	document, err := json.Marshal(shareDocument{Index: share.Index(), Secret: hex.EncodeToString(secret)})
	if err != nil {
		return err
	}
	// Save writes both files and panics when it can't; the folder was just made.
	privval.NewFilePV(key, filepath.Join(home, keyFile), filepath.Join(home, signStateFile)).Save()
	_, err = p2p.LoadOrGenNodeKey(filepath.Join(home, nodeKeyFile))
	return errors.Join(err,
		os.WriteFile(filepath.Join(home, genesisFile), genesis, 0o600),
		os.WriteFile(filepath.Join(home, shareFile), document, 0o600),
		os.WriteFile(filepath.Join(home, newFile), nil, 0o600),
	)
}
