package chain

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
)

const (
	// snapshotFormat is the form of snapshots that this release makes and reads.
	snapshotFormat = 1
	// chunkSize is about how many bytes a chunk has.
	chunkSize = 1 << 20
	// maxChunk is the most that a chunk may have: it is full when a pair has made it longer than chunkSize.
	maxChunk = 2 << 20
	// maxChunks bounds a snapshot, and so what a stranger may have a validator fetch before the first check of the whole.
	maxChunks = 1 << 14
	// maxManifest is less than CometBFT lets a peer send.
	maxManifest = 3 << 20
)

// manifest says what a snapshot of the state behind a block is made of. A peer sends it, and nothing in it is trusted:
// chunks are held against their hashes, blocks against the validators' signatures, and the whole against the application
// hash that these blocks name.
type manifest struct {
	Height int64    `json:"height"`
	Chunks [][]byte `json:"chunks"` // Their SHA-256 hashes.
	// Blocks are light blocks: one for each change of the validators before Height, then those of Height and the two behind
	// it, from which CometBFT goes on.
	Blocks [][]byte `json:"blocks"`
}

// hash names the snapshot.
func (m *manifest) hash() []byte {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64([]byte("bitcraps/snap/01"), uint64(m.Height)))
	for _, chunk := range m.Chunks {
		h.Write(chunk)
	}
	return h.Sum(nil)
}

// snapshot is the manifest as CometBFT offers it.
func (m *manifest) snapshot() (*abci.Snapshot, error) {
	text, err := json.Marshal(m)
	if err == nil && len(text) > maxManifest {
		err = fmt.Errorf("the manifest of a snapshot has %d bytes; at most %d can be sent", len(text), maxManifest)
	}
	return &abci.Snapshot{Height: uint64(m.Height), Format: snapshotFormat, Chunks: uint32(len(m.Chunks)), Hash: m.hash(), Metadata: text}, err
}

// parseManifest reads what a peer sent.
func parseManifest(text []byte) (*manifest, error) {
	if len(text) > maxManifest {
		return nil, errors.New("manifest: too long")
	}
	m := &manifest{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if m.Height < 1 || len(m.Chunks) == 0 || len(m.Chunks) > maxChunks || len(m.Blocks) < 3 {
		return nil, errors.New("manifest: no height, or too few or too many parts")
	}
	for _, chunk := range m.Chunks {
		if len(chunk) != sha256.Size {
			return nil, errors.New("manifest: a chunk's hash has a wrong length")
		}
	}
	return m, nil
}

// lightBlocks reads and checks the manifest's blocks.
func (m *manifest) lightBlocks(genesis *types.GenesisDoc) ([]*types.LightBlock, error) {
	blocks := make([]*types.LightBlock, len(m.Blocks))
	for i, b := range m.Blocks {
		var message cmtproto.LightBlock
		if err := message.Unmarshal(b); err != nil {
			return nil, fmt.Errorf("manifest: block %d: %w", i, err)
		}
		var err error
		if blocks[i], err = types.LightBlockFromProto(&message); err != nil {
			return nil, fmt.Errorf("manifest: block %d: %w", i, err)
		}
	}
	if err := trustGenesis(genesis).followAll(blocks); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	last := blocks[len(blocks)-3:]
	for i, block := range last {
		if block.Height != m.Height+int64(i) {
			return nil, fmt.Errorf("manifest: block %d where block %d is wanted", block.Height, m.Height+int64(i))
		}
		// Whose turn it is to propose, no signature binds. Where the first in turn proposed the block, it must be this one.
		if block.Commit.Round == 0 && string(block.ValidatorSet.GetProposer().Address) != string(block.ProposerAddress) {
			return nil, fmt.Errorf("manifest: block %d was another validator's turn", block.Height)
		}
	}
	return last, nil
}
