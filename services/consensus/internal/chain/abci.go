package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/p2p"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// Info implements abci.Application.
func (a *app) Info(context.Context, *abci.RequestInfo) (*abci.ResponseInfo, error) {
	last := a.tip()
	response := &abci.ResponseInfo{Data: "bitcraps", AppVersion: uint64(a.Group().Version), LastBlockHeight: last.Height}
	if last.Height > 0 {
		response.LastBlockAppHash = last.AppHash[:]
	}
	return response, nil
}

// Query implements abci.Application. CometBFT uses it to filter connections by address, and then peers by id. A node that is stopping
// would otherwise accept connections that it never serves, and the peer would count them.
func (a *app) Query(_ context.Context, req *abci.RequestQuery) (*abci.ResponseQuery, error) {
	if a.stopping.Load() {
		return &abci.ResponseQuery{Code: 1, Log: "stopping"}, nil
	}
	if id, ok := strings.CutPrefix(req.Path, "/p2p/filter/id/"); ok && !a.admitsPeer(p2p.ID(id)) {
		return &abci.ResponseQuery{Code: 1, Log: "too many untrusted peers"}, nil
	}
	return &abci.ResponseQuery{}, nil
}

// InitChain implements abci.Application. The hash of the genesis state binds the validators that will make the beacon's key.
func (a *app) InitChain(_ context.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	hash, err := genesisAppHash(req.AppStateBytes)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.last = tip{AppHash: hash}
	a.mu.Unlock()
	return &abci.ResponseInitChain{AppHash: hash[:]}, nil
}

// genesisAppHash returns the hash of the state that the app_state of a genesis file describes.
func genesisAppHash(appState []byte) (protocol.Hash, error) {
	var state genesisState
	if err := json.Unmarshal(appState, &state); err != nil {
		return protocol.Hash{}, fmt.Errorf("genesis app_state: %w", err)
	}
	return state.hash()
}

// CheckTx implements abci.Application. It checks against this machine's clock: a transaction that must wait for a time is not gossiped
// before that time, or blocks would be made until then. It is lenient about the height: the sender of a round may have seen the dice of
// the round before in a block that has not reached this validator yet.
func (a *app) CheckTx(_ context.Context, req *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	block := order.Block{Height: a.tip().Height + 2, Time: a.now(), Txs: [][]byte{req.Tx}}
	codes, err := order.Validate(a.view(), block)
	if err != nil {
		return nil, err
	}
	return &abci.ResponseCheckTx{Code: uint32(codes[0])}, nil
}

// PrepareProposal implements abci.Application.
func (a *app) PrepareProposal(_ context.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	block := order.Block{Height: req.Height, Time: req.Time, Txs: req.Txs, Offenders: offenders(req.Misbehavior)}
	txs, err := order.SelectTxs(a.view(), block, req.MaxTxBytes)
	if err != nil {
		return nil, err
	}
	return &abci.ResponsePrepareProposal{Txs: txs}, nil
}

// ProcessProposal implements abci.Application. An honest proposer includes only transactions that are accepted.
func (a *app) ProcessProposal(_ context.Context, req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	block := order.Block{Height: req.Height, Time: req.Time, Txs: req.Txs, Offenders: offenders(req.Misbehavior)}
	codes, err := order.Validate(a.view(), block)
	if err != nil {
		return nil, err
	}
	for i, code := range codes {
		if code != order.Accepted {
			a.evidence.recordInvalidProposal(req.ProposerAddress, req.Height, req.Hash, fmt.Sprintf("transaction %d of its block %s", i, code))
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
	if err := a.checkVersion(result.Group.Version); err != nil {
		return nil, err
	}
	a.finalized = &finalized{tip: tip{Height: req.Height, AppHash: result.AppHash}, result: result}
	response := &abci.ResponseFinalizeBlock{AppHash: result.AppHash[:], ValidatorUpdates: validatorUpdates(before.group.Members, result.Group.Members)}
	if result.Group.Version != before.group.Version {
		response.ConsensusParamUpdates = &cmtproto.ConsensusParams{Version: &cmtproto.VersionParams{App: uint64(result.Group.Version)}}
	}
	a.recordConduct(req)
	for _, code := range result.Codes {
		response.TxResults = append(response.TxResults, &abci.ExecTxResult{Code: uint32(code)})
	}
	return response, nil
}

// checkVersion fails if the chain uses a protocol version that this release does not support. A validator that continued would compute
// a different state than the others.
func (a *app) checkVersion(version uint32) error {
	if version > a.version {
		return fmt.Errorf("the chain uses protocol version %d, and this release supports versions up to %d; start a newer release", version, a.version)
	}
	return nil
}

// recordConduct updates the evidence log with the commit and the evidence that a block contains.
func (a *app) recordConduct(req *abci.RequestFinalizeBlock) {
	a.evidence.recordCommit(req.Height, req.Time, req.DecidedLastCommit.Votes)
	if len(req.Misbehavior) == 0 {
		return
	}
	if block := a.loadBlock(req.Height); block != nil {
		a.evidence.recordEquivocations(block)
	}
}

// Commit implements abci.Application.
func (a *app) Commit(context.Context, *abci.RequestCommit) (*abci.ResponseCommit, error) {
	block := a.finalized
	before := a.Group()
	sharings, err := a.loadSharings(block.result.Group, a.sharings)
	if err != nil {
		return nil, err
	}
	if err := a.store.commit(block.tip, block.result); err != nil {
		return nil, err
	}
	if err := a.snapshots.saveGroup(block.tip.Height, block.result.Group); err != nil {
		return nil, err
	}
	a.finalized = nil
	if err := a.setProposeTimeout(); err != nil {
		return nil, err
	}
	a.setState(block.tip, block.result.Group, sharings)
	notify(a.committed)
	if block.result.Group != before {
		a.auditMembers(block.tip.Height, before, block.result.Group)
		notify(a.changed)
	}
	a.pruneLog(block.tip.Height)
	return &abci.ResponseCommit{RetainHeight: a.retainHeight()}, nil
}
