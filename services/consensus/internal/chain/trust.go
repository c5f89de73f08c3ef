package chain

import (
	"bytes"
	"errors"
	"fmt"

	cmtmath "github.com/cometbft/cometbft/libs/math"
	"github.com/cometbft/cometbft/types"
)

// trust follows the chain's validators from those of genesis. It takes a later block for the chain's where more than two
// thirds of the block's own validators signed it, and more than one third of those that were trusted before: with at most a
// third of them faulty, an honest one is among these. That is the light client's rule for skipping, without its clock:
// validators here have nothing at stake that they could withdraw.
type trust struct {
	chainID string
	set     *types.ValidatorSet
}

// oneThird is how much of the trusted set must sign.
var oneThird = cmtmath.Fraction{Numerator: 1, Denominator: 3}

func trustGenesis(genesis *types.GenesisDoc) *trust {
	validators := make([]*types.Validator, len(genesis.Validators))
	for i, v := range genesis.Validators {
		validators[i] = types.NewValidator(v.PubKey, v.Power)
	}
	return &trust{chainID: genesis.ChainID, set: types.NewValidatorSet(validators)}
}

// follow checks a header and trusts its validators from here on.
func (t *trust) follow(header *types.Header, commit *types.Commit, set *types.ValidatorSet) error {
	switch {
	case header.ChainID != t.chainID:
		return fmt.Errorf("block %d is of the chain %q", header.Height, header.ChainID)
	case commit.Height != header.Height || !bytes.Equal(commit.BlockID.Hash, header.Hash()):
		return fmt.Errorf("block %d: the commit is another block's", header.Height)
	case !bytes.Equal(set.Hash(), header.ValidatorsHash):
		return fmt.Errorf("block %d: the validators are not those of the header", header.Height)
	}
	if err := set.VerifyCommitLight(t.chainID, commit.BlockID, header.Height, commit); err != nil {
		return fmt.Errorf("block %d: %w", header.Height, err)
	}
	if !bytes.Equal(set.Hash(), t.set.Hash()) {
		if err := t.set.VerifyCommitLightTrusting(t.chainID, commit, oneThird); err != nil {
			return fmt.Errorf("block %d: too few of the validators before it signed: %w", header.Height, err)
		}
		t.set = set
	}
	return nil
}

// followAll checks blocks in the order of their heights.
func (t *trust) followAll(blocks []*types.LightBlock) error {
	for i, block := range blocks {
		if err := block.ValidateBasic(t.chainID); err != nil {
			return err
		}
		if i > 0 && block.Height <= blocks[i-1].Height {
			return errors.New("the blocks' heights do not ascend")
		}
		if err := t.follow(block.Header, block.Commit, block.ValidatorSet); err != nil {
			return err
		}
	}
	return nil
}
