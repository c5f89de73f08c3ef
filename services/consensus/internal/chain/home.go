package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// home is what a validator's folder says.
type home struct {
	dir         string
	genesis     *types.GenesisDoc
	genesisHash [sha256.Size]byte
	state       genesisState
	card        order.Member
	key         *privval.FilePV
	nodeKey     *p2p.NodeKey
	beaconKey   dkg.SecretKey
}

func openHome(dir, identity string) (*home, error) {
	h := &home{dir: dir}
	document, err := os.ReadFile(filepath.Join(dir, genesisFile))
	if err != nil {
		return nil, fmt.Errorf("no validator lives here; make one with `bitcraps chain init`: %w", err)
	}
	h.genesisHash = sha256.Sum256(document)
	if h.genesis, err = types.GenesisDocFromJSON(document); err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	if h.state, err = parseGenesisState(h.genesis); err != nil {
		return nil, err
	}
	if h.key, err = loadKey(filepath.Join(dir, keyFile), filepath.Join(dir, signStateFile)); err != nil {
		return nil, err
	}
	if h.nodeKey, err = p2p.LoadNodeKey(filepath.Join(dir, nodeKeyFile)); err != nil {
		return nil, err
	}
	if identity == "" {
		identity = IdentityFile(dir)
	}
	if h.beaconKey, err = openBeaconKey(filepath.Join(dir, beaconKeyFile), identity); err != nil {
		return nil, err
	}
	return h, h.loadCard()
}

// loadKey checks what privval.LoadFilePV would end the process for.
func loadKey(keyPath, statePath string) (*privval.FilePV, error) {
	for _, path := range []string{keyPath, statePath} {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if !json.Valid(content) {
			return nil, fmt.Errorf("%s is not JSON; restore it from a backup", path)
		}
	}
	return privval.LoadFilePV(keyPath, statePath), nil
}

// loadCard reads what others know of this validator, and fails where the home has other keys.
func (h *home) loadCard() error {
	text, err := os.ReadFile(filepath.Join(h.dir, cardFile))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &h.card); err != nil {
		return fmt.Errorf("%s: %w", cardFile, err)
	}
	signing, err := h.key.GetPubKey()
	if err != nil {
		return err
	}
	if !bytes.Equal(signing.Bytes(), h.card.PublicKey[:]) {
		return fmt.Errorf("%s and %s are of two validators; restore both from one backup", keyFile, cardFile)
	}
	if h.beaconKey.Public() != h.card.BeaconKey {
		return fmt.Errorf("%s and %s are of two validators; restore both from one backup", beaconKeyFile, cardFile)
	}
	return nil
}

// PeerID is how other validators address the one that lives in dir: PeerID@host:port.
func PeerID(dir string) (string, error) {
	key, err := p2p.LoadNodeKey(filepath.Join(dir, nodeKeyFile))
	if err != nil {
		return "", err
	}
	return string(key.ID()), nil
}
