package chain

import (
	"crypto/sha256"
	"encoding/hex"
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

	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// home is what a validator's folder says.
type home struct {
	dir         string
	genesis     *types.GenesisDoc
	genesisHash [sha256.Size]byte
	state       genesisState
	signer      types.PrivValidator
	key         crypto.PubKey
	nodeKey     *p2p.NodeKey
	public      *threshold.Public
	share       threshold.Share
	name        string
}

// openHome reads a validator's folder. Its key is in there, or with the signer that calls signerAddress.
func openHome(dir, signerAddress string, logger cmtlog.Logger) (*home, error) {
	h := &home{dir: dir}
	document, err := os.ReadFile(filepath.Join(dir, genesisFile))
	if err != nil {
		return nil, err
	}
	h.genesisHash = sha256.Sum256(document)
	if h.genesis, err = types.GenesisDocFromJSON(document); err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	if err := json.Unmarshal(h.genesis.AppState, &h.state); err != nil {
		return nil, fmt.Errorf("genesis: app_state: %w", err)
	}
	if h.public, err = h.state.public(); err != nil {
		return nil, err
	}
	if h.nodeKey, err = p2p.LoadNodeKey(filepath.Join(dir, nodeKeyFile)); err != nil {
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
	if err := h.loadShare(); err != nil {
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

// loadShare finds this validator in the genesis file and its share in the folder.
func (h *home) loadShare() error {
	address := hex.EncodeToString(h.key.Address())
	content, err := os.ReadFile(filepath.Join(h.dir, shareFile))
	if err != nil {
		return err
	}
	var document shareDocument
	if err := json.Unmarshal(content, &document); err != nil {
		return fmt.Errorf("%s: %w", shareFile, err)
	}
	secret, err := hex.DecodeString(document.Secret)
	if err != nil {
		return fmt.Errorf("%s: the secret is not hex", shareFile)
	}
	for _, v := range h.state.Validators {
		if v.Address != address {
			continue
		}
		if v.ShareIndex != document.Index {
			return fmt.Errorf("%s holds share %d, genesis gives %s share %d", shareFile, document.Index, v.Name, v.ShareIndex)
		}
		h.name = v.Name
		h.share, err = h.public.ParseShare(document.Index, secret)
		return err
	}
	return fmt.Errorf("the genesis file has no validator with the address %s, which this validator signs with", address)
}

// PeerID is how other validators address the one that lives in dir: PeerID@host:port.
func PeerID(dir string) (string, error) {
	key, err := p2p.LoadNodeKey(filepath.Join(dir, nodeKeyFile))
	if err != nil {
		return "", err
	}
	return string(key.ID()), nil
}

// indices are the share indices by the bytes of validators' addresses.
func (h *home) indices() (map[string]int, error) {
	out := make(map[string]int, len(h.state.Validators))
	for _, v := range h.state.Validators {
		address, err := hex.DecodeString(v.Address)
		if err != nil {
			return nil, fmt.Errorf("genesis: address of %s: %w", v.Name, err)
		}
		out[string(address)] = v.ShareIndex
	}
	return out, nil
}
