package chain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// app is the ABCI application: it feeds blocks to the state machine of package order and signs beacons in its vote
// extensions. CometBFT calls its consensus methods one at a time; queries and CheckTx come at any time.
type app struct {
	abci.BaseApplication

	logger  *slog.Logger
	store   *store
	key     dkg.SecretKey    // This validator's.
	address protocol.Address // This validator's.
	version uint32           // The newest protocol version that this release speaks.
	now     func() time.Time

	// finalized is the block between FinalizeBlock and Commit.
	finalized *finalized
	// own is the extension that this validator signed last, which needs no check.
	own []byte

	// committed tells the beacon collector that there is a new block, changed whoever attends ceremonies that the group is
	// another one.
	committed, changed chan struct{}
	// pace adjusts to who could propose next.
	pace func() error
	// leaving is true from when the node begins to stop.
	leaving atomic.Bool

	mu       sync.RWMutex
	last     tip
	group    *order.Group
	sharings []*sharing // Of the group's, in their order.
}

// view is the state that blocks are executed against.
type view struct {
	*store
	group *order.Group
}

// Group implements order.Reader.
func (v view) Group() *order.Group { return v.group }

// voting are the validators that vote on the next block.
func (a *app) voting() []order.Member {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.group.MembersAt(a.last.Height + 1)
}

func (a *app) view() view { return view{store: a.store, group: a.Group()} }

// Group returns the validators and their key behind the last block. Nobody changes it.
func (a *app) Group() *order.Group {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.group
}

// tip is the state behind a block.
type tip struct {
	Height  int64
	AppHash protocol.Hash
}

type finalized struct {
	tip    tip
	result order.Result
}

func (a *app) tip() tip {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.last
}

// Info implements abci.Application.
func (a *app) Info(context.Context, *abci.RequestInfo) (*abci.ResponseInfo, error) {
	last := a.tip()
	response := &abci.ResponseInfo{Data: "bitcraps", AppVersion: uint64(a.Group().Version), LastBlockHeight: last.Height}
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

// InitChain implements abci.Application. The first state's hash binds who will make the beacon's key.
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

// CheckTx implements abci.Application. It goes by this machine's clock: what waits for a time is not told to others before
// it has come, or blocks would be made until it has.
func (a *app) CheckTx(_ context.Context, req *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	block := order.Block{Height: a.tip().Height + 1, Time: a.now(), Txs: [][]byte{req.Tx}}
	result, err := order.Execute(a.view(), protocol.Hash{}, block)
	if err != nil {
		return nil, err
	}
	return &abci.ResponseCheckTx{Code: uint32(result.Verdicts[0])}, nil
}

// PrepareProposal implements abci.Application.
func (a *app) PrepareProposal(_ context.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	block := order.Block{Height: req.Height, Time: req.Time, Txs: req.Txs, Offenders: offenders(req.Misbehavior)}
	txs, err := order.Acceptable(a.view(), block, req.MaxTxBytes)
	if err != nil {
		return nil, err
	}
	return &abci.ResponsePrepareProposal{Txs: txs}, nil
}

// ProcessProposal implements abci.Application. An honest proposer proposes nothing that would not be accepted.
func (a *app) ProcessProposal(_ context.Context, req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	block := order.Block{Height: req.Height, Time: req.Time, Txs: req.Txs, Offenders: offenders(req.Misbehavior)}
	result, err := order.Execute(a.view(), protocol.Hash{}, block)
	if err != nil {
		return nil, err
	}
	for i, verdict := range result.Verdicts {
		if verdict != order.Accepted {
			a.logger.Warn("proposal refused", "height", req.Height, "proposer", fmt.Sprintf("%x", req.ProposerAddress), "tx", i, "verdict", verdict)
			return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}, nil
		}
	}
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

// FinalizeBlock implements abci.Application.
func (a *app) FinalizeBlock(_ context.Context, req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	block := order.Block{Height: req.Height, Time: req.Time, Txs: req.Txs, Offenders: offenders(req.Misbehavior)}
	before := a.view()
	result, err := order.Execute(before, a.tip().AppHash, block)
	if err != nil {
		return nil, err
	}
	if err := a.speaks(result.Group.Version); err != nil {
		return nil, err
	}
	a.finalized = &finalized{tip: tip{Height: req.Height, AppHash: result.AppHash}, result: result}
	response := &abci.ResponseFinalizeBlock{AppHash: result.AppHash[:], ValidatorUpdates: validatorUpdates(before.group.Members, result.Group.Members)}
	if result.Group.Version != before.group.Version {
		response.ConsensusParamUpdates = &cmtproto.ConsensusParams{Version: &cmtproto.VersionParams{App: uint64(result.Group.Version)}}
	}
	for _, verdict := range result.Verdicts {
		response.TxResults = append(response.TxResults, &abci.ExecTxResult{Code: uint32(verdict)})
	}
	return response, nil
}

// speaks fails where the chain speaks a version that this release does not. To go on would be to compute something else
// than the others.
func (a *app) speaks(version uint32) error {
	if version > a.version {
		return fmt.Errorf("the chain speaks protocol version %d, this release only up to %d; start a newer release", version, a.version)
	}
	return nil
}

// Commit implements abci.Application.
func (a *app) Commit(context.Context, *abci.RequestCommit) (*abci.ResponseCommit, error) {
	block := a.finalized
	before := a.Group()
	sharings, err := a.holdAll(block.result.Group, a.sharings)
	if err != nil {
		return nil, err
	}
	if err := a.store.commit(block.tip, block.result, before); err != nil {
		return nil, err
	}
	a.finalized = nil
	if err := a.pace(); err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.last, a.group, a.sharings = block.tip, block.result.Group, sharings
	a.mu.Unlock()
	notify(a.committed)
	if block.result.Group != before {
		notify(a.changed)
	}
	return &abci.ResponseCommit{}, nil
}

// notify tells the one who waits that there is something new. It need not be told twice.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

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
	if a.own, err = held.share.Sign(req.Height); err != nil {
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
		a.logger.Warn("vote extension refused", "height", req.Height, "validator", fmt.Sprintf("%x", req.ValidatorAddress), "error", err)
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
	case bytes.Equal(req.ValidatorAddress, a.address[:]) && bytes.Equal(req.VoteExtension, a.own):
		return nil
	}
	return held.public.VerifyShare(index, req.Height, req.VoteExtension)
}
