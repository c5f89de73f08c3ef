package chain

import (
	"fmt"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/state"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// TestWrongClocksDoNotSetTheTime makes a block final with a quorum of votes, f of which are off by ten seconds. The time of the next block
// must be one of a correct clock: if it were earlier than that of the last block, no proposal would ever be valid.
func TestWrongClocksDoNotSetTheTime(t *testing.T) {
	now := time.Unix(1_800_000_000, 0).UTC()
	for n := 1; n <= 21; n++ {
		for _, off := range []time.Duration{-10 * time.Second, 10 * time.Second} {
			t.Run(fmt.Sprintf("%d validators, %v", n, off), func(t *testing.T) {
				var members []*types.Validator
				for range n {
					members = append(members, types.NewValidator(ed25519.GenPrivKey().PubKey(), votingPower))
				}
				validators, commit := types.NewValidatorSet(members), &types.Commit{}
				for i := range order.Quorum(n) {
					vote := types.CommitSig{BlockIDFlag: types.BlockIDFlagCommit, ValidatorAddress: validators.Validators[i].Address, Timestamp: now}
					if i < order.Faults(n) {
						vote.Timestamp = now.Add(off)
					}
					commit.Signatures = append(commit.Signatures, vote)
				}
				if got, err := state.MedianTime(commit, validators); err != nil || !got.Equal(now) {
					t.Errorf("the block's time is off by %v, %v", got.Sub(now), err)
				}
			})
		}
	}
}
