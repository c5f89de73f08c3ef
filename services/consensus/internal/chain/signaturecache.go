package chain

import (
	"bytes"
	"sync"

	"github.com/cometbft/cometbft/crypto"
	cmtcons "github.com/cometbft/cometbft/proto/tendermint/consensus"
	"github.com/cometbft/cometbft/types"
)

// witness remembers the latest signed messages that peers sent. CometBFT asks the application what an extension or a
// block is worth, but does not show it the signature that proves whose it is.
type signatureCache struct {
	chainID string
	// heard is called with every vote, before CometBFT has checked it.
	onVote func(*types.Vote)

	mu        sync.Mutex
	votes     ring[*types.Vote]
	proposals ring[*types.Proposal]
}

// ring holds the last values that were put into it.
type ring[T any] struct {
	values [ringSize]T
	next   int
}

// ringSize is enough for the precommits of some rounds of a hundred validators. A peer that floods it pushes out what others signed, so that
// what they did is refused and not recorded.
const ringSize = 512

func (r *ring[T]) put(v T) {
	r.values[r.next] = v
	r.next = (r.next + 1) % ringSize
}

// note takes a look at a message on its way to CometBFT, and at none that is malformed: making the bytes that were signed
// of one would panic.
func (w *signatureCache) observe(message any) {
	switch m := message.(type) {
	case *cmtcons.Vote:
		if m.Vote == nil {
			return
		}
		vote, err := types.VoteFromProto(m.Vote)
		if err != nil || vote.ValidateBasic() != nil {
			return
		}
		w.onVote(vote)
		if len(vote.ExtensionSignature) > 0 {
			w.mu.Lock()
			w.votes.put(vote)
			w.mu.Unlock()
		}
	case *cmtcons.Proposal:
		proposal, err := types.ProposalFromProto(&m.Proposal)
		if err != nil || proposal.ValidateBasic() != nil {
			return
		}
		w.mu.Lock()
		w.proposals.put(proposal)
		w.mu.Unlock()
	}
}

// extension returns the bytes and the signature under which the validator sent an extension; nothing where they are not
// remembered.
func (w *signatureCache) extension(key crypto.PubKey, height int64, extension []byte) (signBytes, signature []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, vote := range w.votes.values {
		if vote == nil || vote.Height != height || !bytes.Equal(vote.ValidatorAddress, key.Address()) || !bytes.Equal(vote.Extension, extension) {
			continue
		}
		if signBytes = types.VoteExtensionSignBytes(w.chainID, vote.ToProto()); key.VerifySignature(signBytes, vote.ExtensionSignature) {
			return signBytes, vote.ExtensionSignature
		}
	}
	return nil, nil
}

// proposal returns the bytes and the signature under which the validator proposed a block.
func (w *signatureCache) proposal(key crypto.PubKey, height int64, block []byte) (signBytes, signature []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.proposals.values {
		if p == nil || p.Height != height || !bytes.Equal(p.BlockID.Hash, block) {
			continue
		}
		if signBytes = types.ProposalSignBytes(w.chainID, p.ToProto()); key.VerifySignature(signBytes, p.Signature) {
			return signBytes, p.Signature
		}
	}
	return nil, nil
}
