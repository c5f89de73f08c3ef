package chain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/consensus"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	cmtcons "github.com/cometbft/cometbft/proto/tendermint/consensus"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
)

// Misbehavior is how a Byzantine validator misbehaves. The zero value is an honest one.
type Misbehavior struct {
	// Share replaces the share in its precommits: by that of another height ("wrong"), by bytes that are no point ("garbage"), or by
	// nothing ("none").
	Share string
	// Silent withholds its precommits.
	Silent bool
	// Twice makes it also prevote nil whenever it prevotes for a block, and send both prevotes to everyone.
	Twice bool
	// Propose replaces its proposals: "nothing" omits every commitment, "garbage" contains an invalid one.
	Propose string
	// Clock is the offset of its clock. CometBFT reads the system's clock, so the offset is added to the timestamps that the validator
	// signs, which is all that others see of it.
	Clock time.Duration
	// Lost, Doubled and Late are the fractions of the messages to it that are lost, duplicated, or delayed past later ones.
	Lost, Doubled, Late float64
}

// ByzantineNode controls the misbehavior of a validator, and records what it observed.
type ByzantineNode struct {
	mu          sync.Mutex
	misbehavior Misbehavior
	violations  []string
	doubleVotes int
	sw          p2p.Switcher
}

// SetMisbehavior sets the validator's misbehavior from now on.
func (b *ByzantineNode) SetMisbehavior(m Misbehavior) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.misbehavior = m
}

// Violations are the observed violations of invariants.
func (b *ByzantineNode) Violations() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.violations)
}

// DoubleVotes is how many proofs of double votes the blocks contained.
func (b *ByzantineNode) DoubleVotes() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.doubleVotes
}

func (b *ByzantineNode) current() Misbehavior {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.misbehavior
}

// OpenByzantine opens a home like Open, for a validator that misbehaves as it is told.
func OpenByzantine(cfg Config, logger *slog.Logger, b *ByzantineNode) (*Node, error) {
	return open(cfg, logger, testHooks{
		application: func(a abci.Application) abci.Application {
			return &byzantineApp{Application: a, app: a.(*app), byzantine: b}
		},
		signer: func(key types.PrivValidator) types.PrivValidator {
			return &byzantineSigner{PrivValidator: key, byzantine: b}
		},
		options: []node.Option{b.wrapReactors},
	})
}

// byzantineApp wraps the application.
type byzantineApp struct {
	abci.Application
	app       *app
	byzantine *ByzantineNode
}

// ExtendVote implements abci.Application. It also checks that no share is made before the block that closed the bets is final here.
func (a *byzantineApp) ExtendVote(ctx context.Context, req *abci.RequestExtendVote) (*abci.ResponseExtendVote, error) {
	response, err := a.Application.ExtendVote(ctx, req)
	if err != nil {
		return nil, err
	}
	if last := a.app.tip().Height; len(response.VoteExtension) > 0 && last != req.Height-1 {
		a.byzantine.mu.Lock()
		a.byzantine.violations = append(a.byzantine.violations, fmt.Sprintf("a share for height %d while block %d is final", req.Height, last))
		a.byzantine.mu.Unlock()
	}
	switch a.byzantine.current().Share {
	case "wrong":
		if s := a.app.sharingAt(req.Height); s != nil && s.share != nil {
			response.VoteExtension, err = s.share.Sign(req.Height + 1)
		}
	case "garbage":
		response.VoteExtension = []byte("no point of any curve")
	case "none":
		response.VoteExtension = nil
	}
	return response, err
}

// VerifyVoteExtension implements abci.Application. A Byzantine validator accepts its own extensions.
func (a *byzantineApp) VerifyVoteExtension(ctx context.Context, req *abci.RequestVerifyVoteExtension) (*abci.ResponseVerifyVoteExtension, error) {
	if a.byzantine.current().Share != "" && string(req.ValidatorAddress) == string(a.app.address[:]) {
		return &abci.ResponseVerifyVoteExtension{Status: abci.ResponseVerifyVoteExtension_ACCEPT}, nil
	}
	return a.Application.VerifyVoteExtension(ctx, req)
}

// PrepareProposal implements abci.Application.
func (a *byzantineApp) PrepareProposal(ctx context.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	switch a.byzantine.current().Propose {
	case "nothing":
		return &abci.ResponsePrepareProposal{}, nil
	case "garbage":
		return &abci.ResponsePrepareProposal{Txs: [][]byte{[]byte("garbage")}}, nil
	}
	return a.Application.PrepareProposal(ctx, req)
}

// ProcessProposal implements abci.Application.
func (a *byzantineApp) ProcessProposal(ctx context.Context, req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	if a.byzantine.current().Propose != "" && string(req.ProposerAddress) == string(a.app.address[:]) {
		return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
	}
	return a.Application.ProcessProposal(ctx, req)
}

// FinalizeBlock implements abci.Application.
func (a *byzantineApp) FinalizeBlock(ctx context.Context, req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	a.byzantine.mu.Lock()
	a.byzantine.doubleVotes += len(req.Misbehavior)
	a.byzantine.mu.Unlock()
	return a.Application.FinalizeBlock(ctx, req)
}

// byzantineSigner wraps the validator's signer.
type byzantineSigner struct {
	types.PrivValidator
	byzantine *ByzantineNode
}

// SignVote implements types.PrivValidator.
func (k *byzantineSigner) SignVote(chainID string, vote *cmtproto.Vote) error {
	m := k.byzantine.current()
	if m.Silent && vote.Type == cmtproto.PrecommitType {
		return errors.New("this validator withholds its precommits")
	}
	vote.Timestamp = vote.Timestamp.Add(m.Clock)
	if m.Twice && vote.Type == cmtproto.PrevoteType && len(vote.BlockID.Hash) > 0 {
		if err := k.broadcastNilVote(chainID, *vote); err != nil {
			return err
		}
	}
	return k.PrivValidator.SignVote(chainID, vote)
}

// broadcastNilVote sends everyone a nil vote, bypassing the validator's sign state.
func (k *byzantineSigner) broadcastNilVote(chainID string, vote cmtproto.Vote) (err error) {
	vote.BlockID = cmtproto.BlockID{}
	vote.Signature, err = k.PrivValidator.(*signGuard).PrivValidator.(*privval.FilePV).Key.PrivKey.Sign(types.VoteSignBytes(chainID, &vote))
	k.byzantine.mu.Lock()
	sw := k.byzantine.sw
	k.byzantine.mu.Unlock()
	sw.Peers().ForEach(func(peer p2p.Peer) {
		peer.TrySend(p2p.Envelope{ChannelID: consensus.VoteChannel, Message: &cmtcons.Vote{Vote: &vote}})
	})
	return err
}

// SignProposal implements types.PrivValidator.
func (k *byzantineSigner) SignProposal(chainID string, proposal *cmtproto.Proposal) error {
	proposal.Timestamp = proposal.Timestamp.Add(k.byzantine.current().Clock)
	return k.PrivValidator.SignProposal(chainID, proposal)
}

// wrapReactors wraps the reactors that receive messages of consensus and of the mempool.
func (b *ByzantineNode) wrapReactors(n *node.Node) {
	sw := n.Switch()
	b.mu.Lock()
	b.sw = sw
	b.mu.Unlock()
	for _, name := range []string{"CONSENSUS", "MEMPOOL"} {
		reactor, _ := sw.Reactor(name)
		sw.RemoveReactor(name, reactor)
		switch r := reactor.(type) {
		case consensusReactor:
			sw.AddReactor(name, &lossyConsensus{consensusReactor: r, byzantine: b})
		case mempoolReactor:
			sw.AddReactor(name, &lossyMempool{mempoolReactor: r, byzantine: b})
		default:
			panic(fmt.Sprintf("%s is a %T", name, reactor))
		}
	}
}

type lossyConsensus struct {
	consensusReactor
	byzantine *ByzantineNode
}

// Receive implements p2p.Reactor.
func (r *lossyConsensus) Receive(e p2p.Envelope) { r.byzantine.deliver(e, r.consensusReactor.Receive) }

type lossyMempool struct {
	mempoolReactor
	byzantine *ByzantineNode
}

// Receive implements p2p.Reactor.
func (r *lossyMempool) Receive(e p2p.Envelope) { r.byzantine.deliver(e, r.mempoolReactor.Receive) }

// maxReordering bounds the delay of a late message.
const maxReordering = 30 * time.Millisecond

func (b *ByzantineNode) deliver(e p2p.Envelope, receive func(p2p.Envelope)) {
	m := b.current()
	switch chance := rand.Float64(); {
	case chance < m.Lost:
	case chance < m.Lost+m.Late:
		time.AfterFunc(rand.N(maxReordering), func() { receive(e) })
	case chance < m.Lost+m.Late+m.Doubled:
		receive(e)
		receive(e)
	default:
		receive(e)
	}
}
