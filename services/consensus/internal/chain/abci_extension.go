package chain

import (
	"bytes"
	"context"
	"errors"

	abci "github.com/cometbft/cometbft/abci/types"
)

// ExtendVote implements abci.Application: the share's signature over the height, where a round awaits its beacon.
func (a *app) ExtendVote(_ context.Context, req *abci.RequestExtendVote) (*abci.ResponseExtendVote, error) {
	awaited, err := a.store.awaited(req.Height)
	if err != nil || !awaited {
		return &abci.ResponseExtendVote{}, err
	}
	held := a.sharingAt(req.Height)
	if held == nil || held.share == nil {
		return &abci.ResponseExtendVote{}, nil
	}
	if a.ownExtension, err = held.share.Sign(req.Height); err != nil {
		return nil, err
	}
	return &abci.ResponseExtendVote{VoteExtension: a.ownExtension}, nil
}

// VerifyVoteExtension implements abci.Application. A precommit with a bad share counts for nothing, so a block that
// is final always has a threshold of good ones (docs/adr/0003).
func (a *app) VerifyVoteExtension(_ context.Context, req *abci.RequestVerifyVoteExtension) (*abci.ResponseVerifyVoteExtension, error) {
	awaited, err := a.store.awaited(req.Height)
	if err != nil {
		return nil, err
	}
	if err := a.verifyExtension(req, awaited); err != nil {
		a.evidence.recordInvalidShare(req.ValidatorAddress, req.Height, req.VoteExtension, err)
		return &abci.ResponseVerifyVoteExtension{Status: abci.ResponseVerifyVoteExtension_REJECT}, nil
	}
	return &abci.ResponseVerifyVoteExtension{Status: abci.ResponseVerifyVoteExtension_ACCEPT}, nil
}

func (a *app) verifyExtension(req *abci.RequestVerifyVoteExtension, awaited bool) error {
	if !awaited {
		if len(req.VoteExtension) > 0 {
			return errors.New("nobody awaits a beacon at this height")
		}
		return nil
	}
	held := a.sharingAt(req.Height)
	index, known := held.index(req.ValidatorAddress)
	switch {
	case !known:
		return errors.New("the validator has no share")
	case bytes.Equal(req.ValidatorAddress, a.address[:]) && bytes.Equal(req.VoteExtension, a.ownExtension):
		return nil
	}
	return held.public.VerifyShare(index, req.Height, req.VoteExtension)
}
