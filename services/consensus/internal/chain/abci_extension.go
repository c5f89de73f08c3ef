package chain

import (
	"bytes"
	"context"
	"errors"

	abci "github.com/cometbft/cometbft/abci/types"
)

// ExtendVote implements abci.Application: the extension is the share's signature over the height if a round awaits its beacon, and empty
// otherwise.
func (a *app) ExtendVote(_ context.Context, req *abci.RequestExtendVote) (*abci.ResponseExtendVote, error) {
	awaited, err := a.store.awaited(req.Height)
	if err != nil || !awaited {
		return &abci.ResponseExtendVote{}, err
	}
	s := a.sharingAt(req.Height)
	if s == nil || s.share == nil {
		return &abci.ResponseExtendVote{}, nil
	}
	if a.ownExtension, err = s.share.Sign(req.Height); err != nil {
		return nil, err
	}
	return &abci.ResponseExtendVote{VoteExtension: a.ownExtension}, nil
}

// VerifyVoteExtension implements abci.Application. A precommit with an invalid share is rejected, so a final block always has a threshold
// of valid ones (docs/adr/0003).
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
			return errors.New("no round awaits a beacon at this height")
		}
		return nil
	}
	s := a.sharingAt(req.Height)
	index, known := s.index(req.ValidatorAddress)
	switch {
	case !known:
		return errors.New("the validator has no share")
	case bytes.Equal(req.ValidatorAddress, a.address[:]) && bytes.Equal(req.VoteExtension, a.ownExtension):
		return nil
	}
	return s.public.VerifyShare(index, req.Height, req.VoteExtension)
}
