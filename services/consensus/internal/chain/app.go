package chain

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// app is the ABCI application: it feeds blocks to the state machine of package order and signs beacons in its vote
// extensions. CometBFT calls its consensus methods one at a time; queries and CheckTx come at any time.
type app struct {
	abci.BaseApplication

	logger  *slog.Logger
	store   *store
	public  *threshold.Public
	share   threshold.Share
	indices map[string]int // Share index by validator address.
	address []byte         // This validator's.

	docket  *docket
	genesis []member // The validators at genesis.
	// block reads a block that CometBFT has stored.
	block func(height int64) *types.Block

	retain int64 // How many blocks are kept; 0 for all.
	// collected is the height up to which no block is needed any more.
	collected func() int64
	// wal is the folder of CometBFT's log; empty where there is none.
	wal string

	// What a restored state is checked against, and where it comes from and goes to.
	home        string
	genesisDoc  *types.GenesisDoc
	genesisHash protocol.Hash
	groupKey    beacon.Key
	snapshots   *snapshots
	restore     *restore

	// finalized is the block between FinalizeBlock and Commit.
	finalized *finalized
	// own is the extension that this validator signed last, which needs no check.
	own []byte

	// committed tells the beacon collector that there is a new block.
	committed chan struct{}
	// leaving is true from when the node begins to stop.
	leaving atomic.Bool

	mu        sync.RWMutex
	last      tip
	convicted []order.Conviction
}

// tip is the state behind a block.
type tip struct {
	Height  int64
	AppHash protocol.Hash
}

type finalized struct {
	tip       tip
	result    order.Result
	convicted []order.Conviction
}

func (a *app) tip() tip {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.last
}

// Info implements abci.Application.
func (a *app) Info(context.Context, *abci.RequestInfo) (*abci.ResponseInfo, error) {
	last := a.tip()
	response := &abci.ResponseInfo{Data: "bitcraps", AppVersion: 1, LastBlockHeight: last.Height}
	if last.Height > 0 {
		response.LastBlockAppHash = last.AppHash[:]
	}
	return response, nil
}

// Query implements abci.Application. CometBFT asks it whether to accept a connection; a node that is stopping would
// otherwise accept some that it never serves, and the peer would count them.
func (a *app) Query(context.Context, *abci.RequestQuery) (*abci.ResponseQuery, error) {
	if a.leaving.Load() {
		return &abci.ResponseQuery{Code: 1, Log: "stopping"}, nil
	}
	return &abci.ResponseQuery{}, nil
}

// InitChain implements abci.Application. The first state's hash binds the beacon's sharing.
func (a *app) InitChain(_ context.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	var state genesisState
	if err := json.Unmarshal(req.AppStateBytes, &state); err != nil {
		return nil, fmt.Errorf("genesis app_state: %w", err)
	}
	hash, err := state.hash()
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.last = tip{AppHash: hash}
	a.mu.Unlock()
	return &abci.ResponseInitChain{AppHash: hash[:]}, nil
}

// CheckTx implements abci.Application.
func (a *app) CheckTx(_ context.Context, req *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	_, verdict, err := order.Check(a.store, req.Tx)
	if err != nil {
		return nil, err
	}
	return &abci.ResponseCheckTx{Code: uint32(verdict)}, nil
}

// PrepareProposal implements abci.Application.
func (a *app) PrepareProposal(_ context.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	txs, err := order.Acceptable(a.store, req.Txs, req.MaxTxBytes)
	if err != nil {
		return nil, err
	}
	return &abci.ResponsePrepareProposal{Txs: txs}, nil
}

// ProcessProposal implements abci.Application. An honest proposer proposes nothing that would not be accepted.
func (a *app) ProcessProposal(_ context.Context, req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	result, err := order.Execute(a.store, protocol.Hash{}, req.Height, req.Txs)
	if err != nil {
		return nil, err
	}
	for i, verdict := range result.Verdicts {
		if verdict != order.Accepted {
			a.docket.invalidProposal(req.ProposerAddress, req.Height, req.Hash, fmt.Sprintf("transaction %d of its block %s", i, verdict))
			return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}, nil
		}
	}
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

// FinalizeBlock implements abci.Application.
func (a *app) FinalizeBlock(_ context.Context, req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	result, err := order.Execute(a.store, a.tip().AppHash, req.Height, req.Txs)
	if err != nil {
		return nil, err
	}
	convicted, removed := a.convict(req)
	result.AppHash = order.HashConvictions(result.AppHash, convicted)
	a.finalized = &finalized{tip: tip{Height: req.Height, AppHash: result.AppHash}, result: result, convicted: convicted}
	response := &abci.ResponseFinalizeBlock{AppHash: result.AppHash[:], ValidatorUpdates: removed}
	for _, verdict := range result.Verdicts {
		response.TxResults = append(response.TxResults, &abci.ExecTxResult{Code: uint32(verdict)})
	}
	return response, nil
}

// Commit implements abci.Application.
func (a *app) Commit(context.Context, *abci.RequestCommit) (*abci.ResponseCommit, error) {
	block := a.finalized
	if err := a.store.commit(block.tip, block.result.Ordered, block.convicted); err != nil {
		return nil, err
	}
	a.finalized = nil
	a.mu.Lock()
	a.last = block.tip
	a.convicted = withConvictions(a.convicted, block.convicted)
	a.mu.Unlock()
	select {
	case a.committed <- struct{}{}:
	default: // The collector has not taken the last one yet; it will see both blocks.
	}
	if a.wal != "" && block.tip.Height%trimEvery == 0 {
		if err := trimWAL(a.wal); err != nil {
			a.logger.Warn("old files of the log can't be removed", "error", err)
		}
	}
	return &abci.ResponseCommit{RetainHeight: a.retainHeight()}, nil
}

// retainHeight is the first block that is kept: one of the latest, and none that the collector still has to read.
func (a *app) retainHeight() int64 {
	if a.retain == 0 {
		return 0
	}
	return max(0, min(a.tip().Height-a.retain+1, a.collected()))
}

// ExtendVote implements abci.Application: the share's signature over the height, where a round awaits its beacon.
func (a *app) ExtendVote(_ context.Context, req *abci.RequestExtendVote) (*abci.ResponseExtendVote, error) {
	awaited, err := a.store.awaited(req.Height)
	if err != nil || !awaited {
		return &abci.ResponseExtendVote{}, err
	}
	if a.own, err = a.share.Sign(req.Height); err != nil {
		return nil, err
	}
	return &abci.ResponseExtendVote{VoteExtension: a.own}, nil
}

// VerifyVoteExtension implements abci.Application. A precommit with a bad share counts for nothing, so a block that
// is final always has a threshold of good ones (docs/adr/0003).
func (a *app) VerifyVoteExtension(_ context.Context, req *abci.RequestVerifyVoteExtension) (*abci.ResponseVerifyVoteExtension, error) {
	awaited, err := a.store.awaited(req.Height)
	if err != nil {
		return nil, err
	}
	if err := a.verifyExtension(req, awaited); err != nil {
		a.docket.invalidShare(req.ValidatorAddress, req.Height, req.VoteExtension, err)
		return &abci.ResponseVerifyVoteExtension{Status: abci.ResponseVerifyVoteExtension_REJECT}, nil
	}
	return &abci.ResponseVerifyVoteExtension{Status: abci.ResponseVerifyVoteExtension_ACCEPT}, nil
}

func (a *app) verifyExtension(req *abci.RequestVerifyVoteExtension, awaited bool) error {
	index, known := a.indices[string(req.ValidatorAddress)]
	switch {
	case !awaited && len(req.VoteExtension) > 0:
		return fmt.Errorf("nobody awaits a beacon at this height")
	case !awaited:
		return nil
	case !known:
		return fmt.Errorf("the validator has no share")
	case bytes.Equal(req.ValidatorAddress, a.address) && bytes.Equal(req.VoteExtension, a.own):
		return nil
	}
	return a.public.VerifyShare(index, req.Height, req.VoteExtension)
}
