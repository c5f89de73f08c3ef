package chain

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/cometbft/cometbft/crypto/merkle"
	"github.com/cometbft/cometbft/types"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// ErrNoBlock means that this validator has a decision, but not the block that made it: it never had it or has pruned it.
var ErrNoBlock = errors.New("chain: the block is not in the store")

// Prove returns the proof that the validators ordered a commitment, which anyone can verify.
func (n *Node) Prove(ordered order.Ordered) (*receiptv1.BlockProof, error) {
	r, err := n.store.record(ordered.Height)
	if err == nil && r == nil { // Its beacon is not collected yet, or the round was decided by an earlier release.
		r, err = n.history().record(ordered.Height)
	}
	if err != nil {
		return nil, err
	}
	return r.prove(ordered.Commitment.Hash())
}

// Signers returns how many validators' signatures this validator has on the block that ordered rounds at a height.
func (n *Node) Signers(height int64) (signers int, err error) {
	r, err := n.store.record(height)
	if err != nil || r == nil {
		return 0, err
	}
	for _, signature := range r.commit.Signatures {
		if signature.BlockIDFlag == types.BlockIDFlagCommit {
			signers++
		}
	}
	return signers, nil
}

// prove proves that the block contains the transaction with a hash.
func (r *blockRecord) prove(tx protocol.Hash) (*receiptv1.BlockProof, error) {
	index := slices.IndexFunc(r.txs, func(other []byte) bool { return bytes.Equal(other, tx[:]) })
	if index < 0 {
		return nil, fmt.Errorf("block %d does not contain the transaction that it is known to have ordered", r.header.Height)
	}
	return &receiptv1.BlockProof{
		Header:     headerToProto(r.header),
		Commit:     commitToProto(r.header.ChainID, r.commit, r.validators),
		Inclusion:  inclusion(r.txs, index),
		Validators: validatorsToProto(r.validators),
	}, nil
}

func headerToProto(h types.Header) *receiptv1.Header {
	return &receiptv1.Header{
		BlockVersion: int64(h.Version.Block), AppVersion: int64(h.Version.App), Height: h.Height, Time: timestamppb.New(h.Time),
		LastBlockHash:  hex.EncodeToString(h.LastBlockID.Hash),
		LastPartsTotal: int32(h.LastBlockID.PartSetHeader.Total), LastPartsHash: hex.EncodeToString(h.LastBlockID.PartSetHeader.Hash),
		LastCommitHash: hex.EncodeToString(h.LastCommitHash), DataHash: hex.EncodeToString(h.DataHash),
		ValidatorsHash: hex.EncodeToString(h.ValidatorsHash), NextValidatorsHash: hex.EncodeToString(h.NextValidatorsHash),
		ConsensusHash: hex.EncodeToString(h.ConsensusHash), AppHash: hex.EncodeToString(h.AppHash),
		LastResultsHash: hex.EncodeToString(h.LastResultsHash), EvidenceHash: hex.EncodeToString(h.EvidenceHash),
		ProposerAddress: hex.EncodeToString(h.ProposerAddress),
	}
}

// commitToProto converts the votes for the block. It omits a vote whose signature is invalid, which would invalidate a proof for which
// the others suffice: CometBFT checks no more votes of a block that it catches up to than it needs.
func commitToProto(chainID string, commit *types.Commit, validators *types.ValidatorSet) *receiptv1.Commit {
	out := &receiptv1.Commit{Round: commit.Round, PartsTotal: int32(commit.BlockID.PartSetHeader.Total),
		PartsHash: hex.EncodeToString(commit.BlockID.PartSetHeader.Hash)}
	for i, vote := range commit.Signatures {
		key := validators.Validators[i].PubKey.Bytes()
		if vote.BlockIDFlag != types.BlockIDFlagCommit || !receipt.VerifyVote(key, commit.VoteSignBytes(chainID, int32(i)), vote.Signature) {
			continue
		}
		out.Signatures = append(out.Signatures, &receiptv1.CommitSignature{
			Validator: int32(i), Time: timestamppb.New(vote.Timestamp), Signature: hex.EncodeToString(vote.Signature)})
	}
	return out
}

// inclusion returns the audit path of a transaction in the Merkle tree over the hashes, with the side of each sibling.
func inclusion(txs [][]byte, index int) *receiptv1.Inclusion {
	out := &receiptv1.Inclusion{}
	_, proofs := merkle.ProofsFromByteSlices(txs)
	for _, sibling := range proofs[index].Aunts {
		out.Path = append(out.Path, hex.EncodeToString(sibling))
	}
	used := 0
	for i, last := index, len(txs)-1; last > 0; i, last = i/2, last/2 {
		if i%2 == 0 && i == last { // The rightmost node of an odd row is promoted unchanged.
			continue
		}
		out.Index |= int32(i%2) << used
		used++
	}
	return out
}

func validatorsToProto(validators *types.ValidatorSet) []*receiptv1.Validator {
	out := make([]*receiptv1.Validator, len(validators.Validators))
	for i, v := range validators.Validators {
		out[i] = &receiptv1.Validator{PublicKey: hex.EncodeToString(v.PubKey.Bytes()), Power: v.VotingPower}
	}
	return out
}
