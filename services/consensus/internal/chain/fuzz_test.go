package chain

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/bitcraps/bitcraps/libs/protocol"
)

// FuzzVoteExtension verifies what a validator may send as its extension, at heights with and without a round that awaits
// its dice.
func FuzzVoteExtension(f *testing.F) {
	apps := newApps(f)
	share := extend(f, apps[1], 6)
	for _, seed := range [][]byte{share, extend(f, apps[2], 6), nil, {0}, append(slices.Clone(share), 0), make([]byte, 48)} {
		f.Add(byte(1), int64(6), seed)
		f.Add(byte(1), int64(5), seed)
	}
	f.Fuzz(func(t *testing.T, validator byte, height int64, extension []byte) {
		sender := address(fmt.Sprint(validator))
		response, err := apps[0].VerifyVoteExtension(t.Context(), &abci.RequestVerifyVoteExtension{
			ValidatorAddress: sender[:], Height: height, VoteExtension: extension})
		if err != nil {
			t.Fatal(err)
		}
		accepted := response.Status == abci.ResponseVerifyVoteExtension_ACCEPT
		if height != 6 {
			if accepted != (len(extension) == 0) {
				t.Errorf("%d bytes where no round awaits a beacon: accepted = %v", len(extension), accepted)
			}
			return
		}
		if own := int(validator) < len(apps) && bytes.Equal(extension, extend(t, apps[validator%4], 6)); accepted != own {
			t.Errorf("accepted = %v, and the share is the validator's own: %v", accepted, own)
		}
	})
}

// FuzzTransactions processes what a proposer may put into a block. Whatever it is, validators agree on the results, and accept no proposal
// that contains anything but commitments for undecided rounds.
func FuzzTransactions(f *testing.F) {
	taken, free := protocol.Commitment{Round: 1}.Encode(), protocol.Commitment{Round: 2}.Encode()
	for _, seed := range [][]byte{taken, free, nil, {1}, free[1:], append(slices.Clone(free), 0)} {
		f.Add(seed, free)
		f.Add(free, seed)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		apps, txs := []*app{newApp(t), newApp(t)}, [][]byte{first, second}
		var blocks [2]*abci.ResponseFinalizeBlock
		for i, a := range apps {
			verdict, err := a.ProcessProposal(t.Context(), &abci.RequestProcessProposal{Height: 7, Txs: txs})
			if err != nil {
				t.Fatal(err)
			}
			if blocks[i], err = a.FinalizeBlock(t.Context(), &abci.RequestFinalizeBlock{Height: 7, Txs: txs}); err != nil {
				t.Fatal(err)
			}
			good := !slices.ContainsFunc(blocks[i].TxResults, func(r *abci.ExecTxResult) bool { return r.Code != 0 })
			if accepted := verdict.Status == abci.ResponseProcessProposal_ACCEPT; accepted != good {
				t.Errorf("accepted = %v, for a block with the results %v", accepted, blocks[i].TxResults)
			}
			if _, err := a.Commit(t.Context(), &abci.RequestCommit{}); err != nil {
				t.Fatal(err)
			}
			proposal, err := a.PrepareProposal(t.Context(), &abci.RequestPrepareProposal{Height: 7, MaxTxBytes: 1 << 20, Txs: txs})
			if err != nil || len(proposal.Txs) > 0 {
				t.Errorf("%d transactions would be proposed again, %v", len(proposal.Txs), err)
			}
		}
		if !bytes.Equal(blocks[0].AppHash, blocks[1].AppHash) {
			t.Error("two validators have different states")
		}
	})
}
