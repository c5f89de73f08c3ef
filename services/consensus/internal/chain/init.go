package chain

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	cmted25519 "github.com/cometbft/cometbft/crypto/ed25519"
	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
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
	// newFile is in the data folder of whoever was there when the chain began. A validator whose folder has neither this nor
	// any block lost what it had or came later, and takes its state from its peers.
	newChainFile = "data/new"
)

// operatorKeyFile is where a new chain's folder has the key that may change its validators: an Ed25519 seed in hex.
const operatorKeyFile = "operator_key"

// ValidatorName is the name of the i-th validator of a new chain.
func ValidatorName(i int) string { return fmt.Sprintf("validator-%d", i) }

// secrets are what a validator has and nobody else.
type privateKeys struct {
	signing cmted25519.PrivKey
	node    p2p.NodeKey
	beacon  dkg.SecretKey
}

func newPrivateKeys() privateKeys {
	return privateKeys{signing: cmted25519.GenPrivKey(), node: p2p.NodeKey{PrivKey: cmted25519.GenPrivKey()}, beacon: dkg.NewSecretKey(random.New())}
}

// card is what everybody may know of a validator.
func (s privateKeys) member(name string) order.Member {
	return order.Member{Name: name, PublicKey: order.PublicKey(s.signing.PubKey().Bytes()), BeaconKey: s.beacon.Public(),
		NodeID: order.NodeID(s.node.PubKey().Address())}
}

// InitNetwork makes a new chain with n validators and writes a home for each into dir: validator-0, validator-1, and so
// on, and the operator's key. The validators make the beacon's key themselves when they first meet. It fails where dir
// holds a chain already.
func InitNetwork(dir, chainID string, n int, now time.Time) error {
	if n < 1 {
		return fmt.Errorf("a chain needs at least one validator, not %d", n)
	}
	if err := receipt.CheckChainID(chainID); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, ValidatorName(0))); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s holds a chain already; choose another folder or remove it", dir)
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

// newOperator makes the operator's key, or takes that of an attempt which did not end.
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

// NewHome makes the home of a validator that is to join the chain of a genesis file, and returns what the operator must
// know to add it.
func NewHome(home, name string, genesis []byte) (order.Member, error) {
	if _, err := os.Stat(home); !errors.Is(err, os.ErrNotExist) {
		return order.Member{}, fmt.Errorf("%s is there already; choose another folder or remove it", home)
	}
	s := newPrivateKeys()
	card := s.member(name)
	return card, writeHome(home, genesis, card, s)
}

// placeHome writes a home, with some empty files, beside its place and moves it there in the end: a crash leaves a whole one
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
	// Save writes both files and panics when it can't; the folder was just made.
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
