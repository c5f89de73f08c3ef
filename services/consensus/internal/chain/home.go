package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/cometbft/cometbft/crypto"
	cmtlog "github.com/cometbft/cometbft/libs/log"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/libs/receipt"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// home is the content of a validator's folder: its identity and keys.
type home struct {
	dir         string
	genesis     *types.GenesisDoc
	genesisHash [sha256.Size]byte
	state       genesisState
	member      order.Member
	signer      types.PrivValidator
	key         crypto.PubKey
	nodeKey     *p2p.NodeKey
	beaconKey   dkg.SecretKey
}

// openHome reads a validator's folder. The signing key is in there, or with the remote signer that connects to signerAddress.
func openHome(dir, identity, signerAddress string, logger cmtlog.Logger) (*home, error) {
	h := &home{dir: dir}
	document, err := os.ReadFile(filepath.Join(dir, genesisFile))
	if err != nil {
		return nil, err
	}
	if err := receipt.CheckGenesis(document); err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	h.genesisHash = sha256.Sum256(document)
	if h.genesis, err = types.GenesisDocFromJSON(document); err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	if h.state, err = parseGenesisState(h.genesis); err != nil {
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
	if signerAddress != "" {
		h.signer, err = awaitSigner(signerAddress, h.genesis.ChainID, h.nodeKey.PrivKey, logger)
	} else {
		h.signer, err = loadKey(filepath.Join(dir, keyFile), filepath.Join(dir, signStateFile))
	}
	if err != nil {
		return nil, err
	}
	if h.key, err = h.signer.GetPubKey(); err != nil {
		return nil, errors.Join(fmt.Errorf("signer: %w", err), h.close())
	}
	if err := h.loadMember(); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

// close ends the connection to a remote signer.
func (h *home) close() error {
	if c, ok := h.signer.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// loadKey loads the signing key. It first checks what would make privval.LoadFilePV exit the process.
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

// loadMember reads the validator's public description, and fails if it does not match the home's keys.
func (h *home) loadMember() error {
	text, err := os.ReadFile(filepath.Join(h.dir, memberFile))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &h.member); err != nil {
		return fmt.Errorf("%s: %w", memberFile, err)
	}
	if !bytes.Equal(h.key.Bytes(), h.member.PublicKey[:]) {
		return fmt.Errorf("%s and %s are of different validators; restore both from the same backup", keyFile, memberFile)
	}
	if h.nodeKey.ID() != peerID(h.member) {
		return fmt.Errorf("%s and %s are of different validators; restore both from the same backup", nodeKeyFile, memberFile)
	}
	if h.beaconKey.Public() != h.member.BeaconKey {
		return fmt.Errorf("%s and %s are of different validators; restore both from the same backup", beaconKeyFile, memberFile)
	}
	return nil
}

// PeerID returns the peer id of the validator whose home is dir; others address it as PeerID@host:port.
func PeerID(dir string) (string, error) {
	key, err := p2p.LoadNodeKey(filepath.Join(dir, nodeKeyFile))
	if err != nil {
		return "", err
	}
	return string(key.ID()), nil
}
