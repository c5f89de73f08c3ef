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

// Lies are what a validator does wrong. The zero value is an honest one.
type Misbehavior struct {
	// Share replaces what its precommits carry: "wrong" is the share of another height, "garbage" no point at all, "none"
	// nothing.
	Share string
	// Silent keeps its precommits to itself.
	Silent bool
	// Twice has it prevote for no block as well, whenever it prevotes for one, and tell everybody of both.
	Twice bool
	// Propose replaces what it proposes: "nothing" leaves every commitment out, "garbage" has one that is none.
	Propose string
	// Clock is what its clock is off by. CometBFT reads the system's clock, so it is added to what the validator signs,
	// which is all that others see of it.
	Clock time.Duration
	// Lost, Doubled and Late are the shares of the messages to it that never come, come twice, and come behind later ones.
	Lost, Doubled, Late float64
}

// Liar is what a validator is told to do wrong, and what it saw others do.
type ByzantineNode struct {
	mu          sync.Mutex
	misbehavior Misbehavior
	violations  []string
	doubleVotes int
	sw          p2p.Switcher
}

// Tell sets what the validator does wrong from now on.
func (l *ByzantineNode) SetMisbehavior(lies Misbehavior) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.misbehavior = lies
}

// Breaches are the rules that were seen broken.
func (l *ByzantineNode) Violations() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.violations)
}

// Proven is how often blocks here held the proof that a validator voted twice.
func (l *ByzantineNode) DoubleVotes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.doubleVotes
}

func (l *ByzantineNode) current() Misbehavior {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.misbehavior
}

// OpenLiar opens a home like Open, for a validator that lies when it is told to.
func OpenByzantine(cfg Config, logger *slog.Logger, liar *ByzantineNode) (*Node, error) {
	return open(cfg, logger, testHooks{
		application: func(a abci.Application) abci.Application {
			return &byzantineApp{Application: a, app: a.(*app), byzantine: liar}
		},
		signer: func(key types.PrivValidator) types.PrivValidator {
			return &byzantineSigner{PrivValidator: key, byzantine: liar}
		},
		options: []node.Option{liar.wrapReactors},
	})
}

// lyingApp puts itself before the application.
type byzantineApp struct {
	abci.Application
	app       *app
	byzantine *ByzantineNode
}

// ExtendVote implements abci.Application. It also sees to it that no share is made before the block that closed the
// bets is final here.
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

// VerifyVoteExtension implements abci.Application. A liar believes itself.
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

// lyingKey puts itself before the validator's key.
type byzantineSigner struct {
	types.PrivValidator
	byzantine *ByzantineNode
}

// SignVote implements types.PrivValidator.
func (k *byzantineSigner) SignVote(chainID string, vote *cmtproto.Vote) error {
	lies := k.byzantine.current()
	if lies.Silent && vote.Type == cmtproto.PrecommitType {
		return errors.New("this validator keeps its precommits to itself")
	}
	vote.Timestamp = vote.Timestamp.Add(lies.Clock)
	if lies.Twice && vote.Type == cmtproto.PrevoteType && len(vote.BlockID.Hash) > 0 {
		if err := k.broadcastNilVote(chainID, *vote); err != nil {
			return err
		}
	}
	return k.PrivValidator.SignVote(chainID, vote)
}

// voteForNone tells everybody of a vote that the validator's own records know nothing of.
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

// receive puts the liar before the reactors that take messages of consensus and of the mempool.
func (l *ByzantineNode) wrapReactors(n *node.Node) {
	sw := n.Switch()
	l.mu.Lock()
	l.sw = sw
	l.mu.Unlock()
	for _, name := range []string{"CONSENSUS", "MEMPOOL"} {
		reactor, _ := sw.Reactor(name)
		sw.RemoveReactor(name, reactor)
		switch r := reactor.(type) {
		case consensusReactor:
			sw.AddReactor(name, &lossyConsensus{consensusReactor: r, byzantine: l})
		case mempoolReactor:
			sw.AddReactor(name, &lossyMempool{mempoolReactor: r, byzantine: l})
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

// late is how late a message may come that comes behind others.
const maxReordering = 30 * time.Millisecond

func (l *ByzantineNode) deliver(e p2p.Envelope, receive func(p2p.Envelope)) {
	lies := l.current()
	switch chance := rand.Float64(); {
	case chance < lies.Lost:
	case chance < lies.Lost+lies.Late:
		time.AfterFunc(rand.N(maxReordering), func() { receive(e) })
	case chance < lies.Lost+lies.Late+lies.Doubled:
		receive(e)
		receive(e)
	default:
		receive(e)
	}
}
