package chain

import (
	"context"
	"errors"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	cmtcons "github.com/cometbft/cometbft/proto/tendermint/consensus"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
)

// culprit is a validator that breaks the protocol in one of the ways below.
type culprit struct {
	types.PrivValidator
	node func() *Node
	// double has it sign, and tell everybody, a vote for nothing beside each prevote for a block.
	double bool
	// mute has it sign no precommits.
	mute bool
}

// SignVote implements types.PrivValidator.
func (c *culprit) SignVote(chainID string, vote *cmtproto.Vote) error {
	if c.mute && vote.Type == cmtproto.PrecommitType {
		return errors.New("withheld")
	}
	if err := c.PrivValidator.SignVote(chainID, vote); err != nil {
		return err
	}
	if c.double && vote.Type == cmtproto.PrevoteType && len(vote.BlockID.Hash) > 0 {
		other := *vote
		other.BlockID = cmtproto.BlockID{}
		key := c.PrivValidator.(*guard).PrivValidator.(*privval.FilePV).Key.PrivKey
		other.Signature, _ = key.Sign(types.VoteSignBytes(chainID, &other))
		c.node().comet.Switch().TryBroadcast(p2p.Envelope{ChannelID: 0x22, Message: &cmtcons.Vote{Vote: &other}})
	}
	return nil
}

// Equivocating makes the validator that a configuration is for sign twice.
func Equivocating(cfg *Config, node func() *Node) {
	cfg.signer = func(signer types.PrivValidator) types.PrivValidator {
		return &culprit{PrivValidator: signer, node: node, double: true}
	}
}

// Withholding makes the validator sign no precommits.
func Withholding(cfg *Config) {
	cfg.signer = func(signer types.PrivValidator) types.PrivValidator {
		return &culprit{PrivValidator: signer, mute: true}
	}
}

// liar is an application that sends what others refuse, and believes in it.
type liar struct {
	abci.Application
	share, garbage bool
	app            *app
}

// ExtendVote implements abci.Application.
func (l liar) ExtendVote(ctx context.Context, req *abci.RequestExtendVote) (*abci.ResponseExtendVote, error) {
	response, err := l.Application.ExtendVote(ctx, req)
	if l.share && err == nil && len(response.VoteExtension) > 0 {
		response.VoteExtension, err = l.app.share.Sign(req.Height + 1)
	}
	return response, err
}

// VerifyVoteExtension implements abci.Application.
func (l liar) VerifyVoteExtension(context.Context, *abci.RequestVerifyVoteExtension) (*abci.ResponseVerifyVoteExtension, error) {
	return &abci.ResponseVerifyVoteExtension{Status: abci.ResponseVerifyVoteExtension_ACCEPT}, nil
}

// PrepareProposal implements abci.Application.
func (l liar) PrepareProposal(ctx context.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	response, err := l.Application.PrepareProposal(ctx, req)
	if l.garbage && err == nil {
		response.Txs = append(response.Txs, []byte("garbage"))
	}
	return response, err
}

// ProcessProposal implements abci.Application.
func (l liar) ProcessProposal(context.Context, *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

// WithWrongShares makes the validator sign the beacon of another height.
func WithWrongShares(cfg *Config) {
	cfg.abci = func(a abci.Application) abci.Application { return liar{Application: a, share: true, app: a.(*app)} }
}

// WithGarbage makes the validator propose what is no commitment.
func WithGarbage(cfg *Config) {
	cfg.abci = func(a abci.Application) abci.Application { return liar{Application: a, garbage: true, app: a.(*app)} }
}
