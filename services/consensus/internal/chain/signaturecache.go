package chain

import (
	"bytes"
	"sync"

	"github.com/cometbft/cometbft/crypto"
	cmtcons "github.com/cometbft/cometbft/proto/tendermint/consensus"
	"github.com/cometbft/cometbft/types"
)

// signatureCache remembers the latest signed messages that peers sent. CometBFT has the application verify extensions and blocks, but does
// not pass it the signatures that prove who sent them.
type signatureCache struct {
	chainID string
	// onVote is called with every vote, before CometBFT has verified it.
	onVote func(*types.Vote)

	mu        sync.Mutex
	votes     ring[*types.Vote]
	proposals ring[*types.Proposal]
}

// ring is a ring buffer of the last values that were put into it.
type ring[T any] struct {
	values [ringSize]T
	next   int
}

// ringSize is enough for the precommits of several rounds of a hundred validators. A peer that floods the cache evicts the messages of
// others; their violations are then still rejected, but not recorded.
const ringSize = 512

func (r *ring[T]) put(v T) {
	r.values[r.next] = v
	r.next = (r.next + 1) % ringSize
}

// observe records a message on its way to CometBFT. It ignores malformed ones, of which computing the sign bytes would panic.
func (c *signatureCache) observe(message any) {
	switch m := message.(type) {
	case *cmtcons.Vote:
		if m.Vote == nil {
			return
		}
		vote, err := types.VoteFromProto(m.Vote)
		if err != nil || vote.ValidateBasic() != nil {
			return
		}
		c.onVote(vote)
		if len(vote.ExtensionSignature) > 0 {
			c.mu.Lock()
			c.votes.put(vote)
			c.mu.Unlock()
		}
	case *cmtcons.Proposal:
		proposal, err := types.ProposalFromProto(&m.Proposal)
		if err != nil || proposal.ValidateBasic() != nil {
			return
		}
		c.mu.Lock()
		c.proposals.put(proposal)
		c.mu.Unlock()
	}
}

// extension returns the sign bytes and the signature with which a validator sent a vote extension; nil if they are not in the cache.
func (c *signatureCache) extension(key crypto.PubKey, height int64, extension []byte) (signBytes, signature []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, vote := range c.votes.values {
		if vote == nil || vote.Height != height || !bytes.Equal(vote.ValidatorAddress, key.Address()) || !bytes.Equal(vote.Extension, extension) {
			continue
		}
		if signBytes = types.VoteExtensionSignBytes(c.chainID, vote.ToProto()); key.VerifySignature(signBytes, vote.ExtensionSignature) {
			return signBytes, vote.ExtensionSignature
		}
	}
	return nil, nil
}

// proposal returns the sign bytes and the signature with which a validator proposed a block; nil if they are not in the cache.
func (c *signatureCache) proposal(key crypto.PubKey, height int64, block []byte) (signBytes, signature []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.proposals.values {
		if p == nil || p.Height != height || !bytes.Equal(p.BlockID.Hash, block) {
			continue
		}
		if signBytes = types.ProposalSignBytes(c.chainID, p.ToProto()); key.VerifySignature(signBytes, p.Signature) {
			return signBytes, p.Signature
		}
	}
	return nil, nil
}
