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
	// snapshotFormat is the format of snapshots that this release writes and reads.
	snapshotFormat = 1
	// chunkSize is the approximate size of a chunk in bytes.
	chunkSize = 1 << 20
	// maxChunk bounds the size of a chunk: one is full when a pair has made it longer than chunkSize. The longest pair is the group, with
	// three ceremonies of up to protocol.MaxMembers. CometBFT's own limit for a message is little higher.
	maxChunk = 15 << 20
	// maxChunks and maxSnapshot bound a snapshot, and so how much a peer can make a validator fetch before the whole can be verified.
	maxChunks   = 1 << 14
	maxSnapshot = maxChunks * chunkSize
	// maxManifest is below CometBFT's limit for a message.
	maxManifest = 3 << 20
)

// manifest describes a snapshot of the state after a block. A peer sends it, and nothing in it is trusted: chunks are checked against
// their hashes, blocks against the validators' signatures, and the restored state against the application hash that these blocks name.
type manifest struct {
	Height int64    `json:"height"`
	Chunks [][]byte `json:"chunks"` // Their SHA-256 hashes.
	// Hops lead a light client from genesis to Height, as a receipt's lineage does.
	Hops [][]byte `json:"hops"`
	// Blocks are CometBFT's light blocks of Height and of the two heights after it, from which consensus continues.
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

// hash identifies the snapshot.
func (m *manifest) hash() []byte {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64([]byte("bitcraps/snap/01"), uint64(m.Height)))
	for _, chunk := range m.Chunks {
		h.Write(chunk)
	}
	return h.Sum(nil)
}

// snapshot returns the manifest in the form in which CometBFT offers it to peers.
func (m *manifest) snapshot() (*abci.Snapshot, error) {
	text, err := json.Marshal(m)
	if err == nil && len(text) > maxManifest {
		err = fmt.Errorf("the manifest of a snapshot has %d bytes; at most %d can be sent", len(text), maxManifest)
	}
	return &abci.Snapshot{Height: uint64(m.Height), Format: snapshotFormat, Chunks: uint32(len(m.Chunks)), Hash: m.hash(), Metadata: text}, err
}

// parseManifest decodes a manifest that a peer sent.
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

// lightBlocks decodes the manifest's blocks and verifies them from genesis.
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

// readBlock decodes a light block, and checks what our light client does not: that every vote is valid, and the proposer.
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
		return nil, fmt.Errorf("it is block %d, not block %d", block.Height, height)
	}
	for _, v := range block.ValidatorSet.Validators {
		if err := checkKey(v.PubKey); err != nil {
			return nil, err
		}
	}
	// The proposer priorities are not signed. If the block was decided in the first round, its proposer must be the one that they select.
	if block.Commit.Round == 0 && string(block.ValidatorSet.GetProposer().Address) != string(block.ProposerAddress) {
		return nil, errors.New("it was another validator's turn to propose")
	}
	return block, block.ValidatorSet.VerifyCommit(chainID, block.Commit.BlockID, height, block.Commit)
}

// toLightBlock converts CometBFT's light block to the form that our light client reads.
func toLightBlock(b *types.LightBlock) *receiptv1.LightBlock {
	return (&blockRecord{header: *b.Header, commit: b.Commit, validators: b.ValidatorSet}).lightBlock()
}
