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
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

const (
	// snapshotFormat is the form of snapshots that this release makes and reads.
	snapshotFormat = 1
	// chunkSize is about how many bytes a chunk has.
	chunkSize = 1 << 20
	// maxChunk is the most that a chunk may have: it is full when a pair has made it longer than chunkSize. The longest pair is
	// the group, with three ceremonies of up to protocol.MaxMembers. CometBFT lets a peer send little more.
	maxChunk = 15 << 20
	// maxChunks and maxSnapshot bound a snapshot, and so what a peer may have a validator fetch before the first check of the whole.
	maxChunks   = 1 << 14
	maxSnapshot = maxChunks * chunkSize
	// maxManifest is less than CometBFT lets a peer send.
	maxManifest = 3 << 20
)

// manifest says what a snapshot of the state behind a block is made of. A peer sends it, and nothing in it is trusted:
// chunks are held against their hashes, blocks against the validators' signatures, and the whole against the application
// hash that these blocks name.
type manifest struct {
	Height int64    `json:"height"`
	Chunks [][]byte `json:"chunks"` // Their SHA-256 hashes.
	// Hops lead a light client from genesis to Height, as a receipt's lineage does.
	Hops [][]byte `json:"hops"`
	// Blocks are CometBFT's light blocks of Height and of the two behind it, from which it goes on.
	Blocks [][]byte `json:"blocks"`
}

func newManifest(height int64, hops []*receiptv1.LightBlock, blocks []*types.LightBlock) (*manifest, error) {
	m := &manifest{Height: height}
	for _, hop := range hops {
		b, err := proto.Marshal(hop)
		if err != nil {
			return nil, err
		}
		m.Hops = append(m.Hops, b)
	}
	for _, block := range blocks {
		message, err := block.ToProto()
		if err != nil {
			return nil, err
		}
		b, err := message.Marshal()
		if err != nil {
			return nil, err
		}
		m.Blocks = append(m.Blocks, b)
	}
	return m, nil
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
	if m.Height < 1 || len(m.Chunks) == 0 || len(m.Chunks) > maxChunks || len(m.Blocks) != 3 || len(m.Hops) > receipt.MaxHops {
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
	light, err := genesisLightClient(genesis)
	if err != nil {
		return nil, err
	}
	for i, b := range m.Hops {
		hop := &receiptv1.LightBlock{}
		if err = proto.Unmarshal(b, hop); err == nil {
			light, err = light.Follow(hop)
		}
		if err != nil {
			return nil, fmt.Errorf("manifest: hop %d: %w", i, err)
		}
	}
	blocks := make([]*types.LightBlock, len(m.Blocks))
	for i, b := range m.Blocks {
		if blocks[i], err = readBlock(b, genesis.ChainID, m.Height+int64(i)); err == nil {
			light, err = light.Follow(toLightBlock(blocks[i]))
		}
		if err != nil {
			return nil, fmt.Errorf("manifest: block %d: %w", i, err)
		}
	}
	return blocks, nil
}

// readBlock reads a light block, and checks what a light client does not: that each vote is good, and whose turn it was.
func readBlock(b []byte, chainID string, height int64) (*types.LightBlock, error) {
	var message cmtproto.LightBlock
	if err := message.Unmarshal(b); err != nil {
		return nil, err
	}
	block, err := types.LightBlockFromProto(&message)
	if err == nil {
		err = block.ValidateBasic(chainID)
	}
	if err != nil {
		return nil, err
	}
	if block.Height != height {
		return nil, fmt.Errorf("it is block %d; block %d is wanted", block.Height, height)
	}
	for _, v := range block.ValidatorSet.Validators {
		if err := checkKey(v.PubKey); err != nil {
			return nil, err
		}
	}
	// Whose turn it is to propose, no signature binds. Where the first in turn proposed the block, it must be this one.
	if block.Commit.Round == 0 && string(block.ValidatorSet.GetProposer().Address) != string(block.ProposerAddress) {
		return nil, errors.New("it was another validator's turn")
	}
	return block, block.ValidatorSet.VerifyCommit(chainID, block.Commit.BlockID, height, block.Commit)
}

// toLight is a block of CometBFT's as our light client reads it.
func toLightBlock(b *types.LightBlock) *receiptv1.LightBlock {
	return (&blockRecord{header: *b.Header, commit: b.Commit, validators: b.ValidatorSet}).lightBlock()
}
