package receipt

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

const (
	// maxChainID is the longest chain id of CometBFT in bytes.
	maxChainID = 50
	// addressSize is the length of a validator's address in bytes.
	addressSize = 20
)

// CheckChainID checks that a chain id can be displayed safely: printable ASCII, and no longer than CometBFT allows.
func CheckChainID(id string) error {
	if n := len(id); n == 0 || n > maxChainID {
		return fmt.Errorf("chain_id: %d bytes; 1 to %d are wanted", n, maxChainID)
	}
	for i := range len(id) {
		if id[i] < ' ' || id[i] > '~' {
			return fmt.Errorf("chain_id: %q is not printable ASCII", id)
		}
	}
	return nil
}

// BlockHash returns the hash of a block's header, which its validators sign: the Merkle root over the encodings of its 14 fields.
func BlockHash(chainID string, h *receiptv1.Header) (protocol.Hash, error) {
	if err := CheckChainID(chainID); err != nil {
		return protocol.Hash{}, err
	}
	if h == nil {
		return protocol.Hash{}, errors.New("header: is missing")
	}
	if h.GetBlockVersion() < 0 || h.GetAppVersion() < 0 {
		return protocol.Hash{}, errors.New("header.block_version, header.app_version: must not be negative")
	}
	at, err := timestamp("header.time", h.GetTime())
	if err != nil {
		return protocol.Hash{}, err
	}
	last, err := lastBlock(h)
	if err != nil {
		return protocol.Hash{}, err
	}
	leaves := [][]byte{
		message{}.integer(1, h.GetBlockVersion()).integer(2, h.GetAppVersion()),
		message{}.bytes(1, []byte(chainID)),
		message{}.integer(1, h.GetHeight()),
		at,
		last,
	}
	for _, f := range []struct {
		name, text string
		size       int
	}{
		{"last_commit_hash", h.GetLastCommitHash(), sha256.Size},
		{"data_hash", h.GetDataHash(), sha256.Size},
		{"validators_hash", h.GetValidatorsHash(), sha256.Size},
		{"next_validators_hash", h.GetNextValidatorsHash(), sha256.Size},
		{"consensus_hash", h.GetConsensusHash(), sha256.Size},
		{"app_hash", h.GetAppHash(), sha256.Size},
		{"last_results_hash", h.GetLastResultsHash(), sha256.Size},
		{"evidence_hash", h.GetEvidenceHash(), sha256.Size},
		{"proposer_address", h.GetProposerAddress(), addressSize},
	} {
		b, err := parseHex("header."+f.name, f.text, f.size)
		if err != nil {
			return protocol.Hash{}, err
		}
		leaves = append(leaves, message{}.bytes(1, b))
	}
	return protocol.MerkleRoot(leaves), nil
}

// lastBlock returns the id of the previous block, which every block but the first must have.
func lastBlock(h *receiptv1.Header) (message, error) {
	switch {
	case h.GetHeight() < 1:
		return nil, fmt.Errorf("header.height: %d; the first block is 1", h.GetHeight())
	case h.GetHeight() > 1:
		hash, err := parseHash("header.last_block_hash", h.GetLastBlockHash())
		if err != nil {
			return nil, err
		}
		parts, err := partSet("header.last_parts", h.GetLastPartsTotal(), h.GetLastPartsHash())
		return blockID(hash, parts), err
	case h.GetLastBlockHash() != "" || h.GetLastPartsTotal() != 0 || h.GetLastPartsHash() != "":
		return nil, errors.New("header.last_block_hash, header.last_parts_total, header.last_parts_hash: must be empty in the first block")
	}
	return message{}.embed(2, nil), nil
}

// blockID identifies a block by the hash of its header and by the parts that it was gossiped in.
func blockID(hash protocol.Hash, parts message) message {
	return message{}.bytes(1, hash[:]).embed(2, parts)
}

// partSet encodes the header of a block's part set, whose two fields have names with a common prefix.
func partSet(prefix string, total int32, hash string) (message, error) {
	parts, err := parseHash(prefix+"_hash", hash)
	if err != nil {
		return nil, err
	}
	if total < 1 {
		return nil, fmt.Errorf("%s_total: %d; a block has at least one part", prefix, total)
	}
	return message{}.integer(1, int64(total)).bytes(2, parts[:]), nil
}
