package chain

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	cmted25519 "github.com/cometbft/cometbft/crypto/ed25519"
	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	"github.com/cometbft/cometbft/types"
	"go.dedis.ch/kyber/v4/util/random"

	"github.com/bitcraps/bitcraps/libs/receipt"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// Files of a validator's home.
const (
	genesisFile   = "genesis.json"
	memberFile    = "validator.json"
	keyFile       = "validator_key.json"
	signStateFile = "validator_state.json"
	nodeKeyFile   = "node_key.json"
	beaconKeyFile = "beacon_key.age"
	dataDir       = "data"
	walDir        = "data/cs.wal"
	snapshotDir   = "data/snapshots"
	// newChainFile marks the data folder of a validator of genesis, which starts at the first block. A validator whose data folder has
	// neither this file nor a block has lost its data or joined later, and restores its state from its peers.
	newChainFile = "data/new"
)

// operatorKeyFile is the file of a new chain's folder with the key that may change its validators: an Ed25519 seed in hex.
const operatorKeyFile = "operator_key"

// ValidatorName returns the name of the i-th validator of a new chain.
func ValidatorName(i int) string { return fmt.Sprintf("validator-%d", i) }

// privateKeys are a validator's three private keys.
type privateKeys struct {
	signing cmted25519.PrivKey
	node    p2p.NodeKey
	beacon  dkg.SecretKey
}

func newPrivateKeys() privateKeys {
	return privateKeys{signing: cmted25519.GenPrivKey(), node: p2p.NodeKey{PrivKey: cmted25519.GenPrivKey()}, beacon: dkg.NewSecretKey(random.New())}
}

// member returns the validator's public description.
func (s privateKeys) member(name string) order.Member {
	return order.Member{Name: name, PublicKey: order.PublicKey(s.signing.PubKey().Bytes()), BeaconKey: s.beacon.Public(),
		NodeID: order.NodeID(s.node.PubKey().Address())}
}

// InitNetwork makes a new chain with n validators and writes into dir a home for each (validator-0, validator-1, and so on) and the
// operator's key. The validators generate the beacon's key themselves when a quorum of them is first connected. It fails if dir
// already holds a chain.
func InitNetwork(dir, chainID string, n int, now time.Time) error {
	if n < 1 {
		return fmt.Errorf("a chain needs at least one validator, not %d", n)
	}
	if err := receipt.CheckChainID(chainID); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, ValidatorName(0))); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s already holds a chain; choose another folder or remove it", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	operator, err := newOperator(filepath.Join(dir, operatorKeyFile))
	if err != nil {
		return err
	}
	all, cards := make([]privateKeys, n), make([]order.Member, n)
	for i := range n {
		all[i] = newPrivateKeys()
		cards[i] = all[i].member(ValidatorName(i))
	}
	genesis, err := newGenesis(chainID, operator, cards, now)
	if err != nil {
		return err
	}
	document, err := cmtjson.MarshalIndent(genesis, "", "  ")
	if err != nil {
		return err
	}
	for i := n - 1; i >= 0; i-- {
		if err := writeHome(filepath.Join(dir, ValidatorName(i)), document, cards[i], all[i], newChainFile); err != nil {
			return err
		}
	}
	return nil
}

// Homes returns which validators have a home in dir, by the numbers in their names, and which of those in the genesis file lack one.
func Homes(dir string) (present, missing []int, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	for _, entry := range entries {
		var i int
		if _, err := fmt.Sscanf(entry.Name(), "validator-%d", &i); err == nil && entry.IsDir() && entry.Name() == ValidatorName(i) {
			present = append(present, i)
		}
	}
	if len(present) == 0 {
		return nil, nil, nil
	}
	slices.Sort(present)
	genesis, err := types.GenesisDocFromFile(filepath.Join(dir, ValidatorName(present[0]), genesisFile))
	if err != nil {
		return nil, nil, err
	}
	for i := range genesis.Validators {
		if !slices.Contains(present, i) {
			missing = append(missing, i)
		}
	}
	return present, missing, nil
}

// newOperator makes the operator's key, or reads the one that an interrupted attempt has left.
func newOperator(path string) (order.PublicKey, error) {
	key, err := LoadOperatorKey(path)
	if errors.Is(err, os.ErrNotExist) {
		if _, key, err = ed25519.GenerateKey(nil); err == nil {
			err = os.WriteFile(path, []byte(hex.EncodeToString(key.Seed())+"\n"), 0o600)
		}
	}
	if err != nil {
		return order.PublicKey{}, err
	}
	return order.PublicKey(key.Public().(ed25519.PublicKey)), nil
}

// NewHome makes the home of a validator that will join the chain of a genesis file, and returns the description that the operator
// needs to add it.
func NewHome(home, name string, genesis []byte) (order.Member, error) {
	if _, err := os.Stat(home); !errors.Is(err, os.ErrNotExist) {
		return order.Member{}, fmt.Errorf("%s already exists; choose another folder or remove it", home)
	}
	if err := receipt.CheckGenesis(genesis); err != nil {
		return order.Member{}, fmt.Errorf("genesis: %w", err)
	}
	s := newPrivateKeys()
	card := s.member(name)
	return card, writeHome(home, genesis, card, s)
}

// writeHome writes a home, with some empty files, to a temporary folder and renames it at the end: a crash leaves either a complete home
// or none.
func writeHome(home string, genesis []byte, card order.Member, s privateKeys, empty ...string) error {
	identity, err := newIdentity(IdentityFile(home))
	if err != nil {
		return err
	}
	sealed, err := sealBeaconKey(s.beacon, identity)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(card, "", "  ")
	if err != nil {
		return err
	}
	draft := home + ".new"
	if err := errors.Join(os.RemoveAll(draft), os.MkdirAll(filepath.Join(draft, dataDir), 0o700)); err != nil {
		return err
	}
	// Save writes both files and panics if it can't; the folder was just made.
	privval.NewFilePV(s.signing, filepath.Join(draft, keyFile), filepath.Join(draft, signStateFile)).Save()
	if err := s.node.SaveAs(filepath.Join(draft, nodeKeyFile)); err != nil {
		return err
	}
	files := map[string][]byte{genesisFile: genesis, memberFile: text, beaconKeyFile: sealed}
	for _, name := range empty {
		files[name] = nil
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(draft, name), content, 0o600); err != nil {
			return err
		}
	}
	return errors.Join(os.RemoveAll(home), os.Rename(draft, home))
}

// LoadOperatorKey reads the key that may change a chain's validators.
func LoadOperatorKey(path string) (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%s: want an Ed25519 seed of %d bytes in hex", path, ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}
