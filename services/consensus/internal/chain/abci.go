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

// Query implements abci.Application. CometBFT asks it whether to accept a connection, and then whether the peer; a node that
// is stopping would otherwise accept some that it never serves, and the peer would count them.
func (a *app) Query(_ context.Context, req *abci.RequestQuery) (*abci.ResponseQuery, error) {
	if a.stopping.Load() {
		return &abci.ResponseQuery{Code: 1, Log: "stopping"}, nil
	}
	if id, ok := strings.CutPrefix(req.Path, "/p2p/filter/id/"); ok && !a.admitsPeer(p2p.ID(id)) {
		return &abci.ResponseQuery{Code: 1, Log: "too many strangers"}, nil
	}
	return &abci.ResponseQuery{}, nil
}

// InitChain implements abci.Application. The first state's hash binds who will make the beacon's key.
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

// genesisAppHash is the hash of the state that the app_state of a genesis file describes.
func genesisAppHash(appState []byte) (protocol.Hash, error) {
	var state genesisState
	if err := json.Unmarshal(appState, &state); err != nil {
		return protocol.Hash{}, fmt.Errorf("genesis app_state: %w", err)
	}
	return state.hash()
}

// CheckTx implements abci.Application. It goes by this machine's clock: what waits for a time is not told to others before
// it has come, or blocks would be made until it has. Heights are another matter: who sends a round may have seen the dice of the one before
// in a block that is still on its way to here.
func (a *app) CheckTx(_ context.Context, req *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	block := order.Block{Height: a.tip().Height + 2, Time: a.now(), Txs: [][]byte{req.Tx}}
	verdicts, err := order.Validate(a.view(), block)
	if err != nil {
		return nil, err
	}
	return &abci.ResponseCheckTx{Code: uint32(verdicts[0])}, nil
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

// ProcessProposal implements abci.Application. An honest proposer proposes nothing that would not be accepted.
func (a *app) ProcessProposal(_ context.Context, req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	block := order.Block{Height: req.Height, Time: req.Time, Txs: req.Txs, Offenders: offenders(req.Misbehavior)}
	verdicts, err := order.Validate(a.view(), block)
	if err != nil {
		return nil, err
	}
	for i, verdict := range verdicts {
		if verdict != order.Accepted {
			a.evidence.recordInvalidProposal(req.ProposerAddress, req.Height, req.Hash, fmt.Sprintf("transaction %d of its block %s", i, verdict))
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
	for _, verdict := range result.Codes {
		response.TxResults = append(response.TxResults, &abci.ExecTxResult{Code: uint32(verdict)})
	}
	return response, nil
}

// speaks fails where the chain speaks a version that this release does not. To go on would be to compute something else
// than the others.
func (a *app) checkVersion(version uint32) error {
	if version > a.version {
		return fmt.Errorf("the chain speaks protocol version %d, this release only up to %d; start a newer release", version, a.version)
	}
	return nil
}

// record has the docket take in what a block says of the validators.
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
