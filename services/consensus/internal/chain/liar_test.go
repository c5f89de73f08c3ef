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
type Lies struct {
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
type Liar struct {
	mu       sync.Mutex
	lies     Lies
	breaches []string
	proven   int
	sw       p2p.Switcher
}

// Tell sets what the validator does wrong from now on.
func (l *Liar) Tell(lies Lies) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lies = lies
}

// Breaches are the rules that were seen broken.
func (l *Liar) Breaches() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.breaches)
}

// Proven is how often blocks here held the proof that a validator voted twice.
func (l *Liar) Proven() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.proven
}

func (l *Liar) now() Lies {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lies
}

// OpenLiar opens a home like Open, for a validator that lies when it is told to.
func OpenLiar(cfg Config, logger *slog.Logger, liar *Liar) (*Node, error) {
	return open(cfg, logger, seams{
		application: func(a abci.Application) abci.Application { return &lyingApp{Application: a, app: a.(*app), liar: liar} },
		key:         func(key types.PrivValidator) types.PrivValidator { return &lyingKey{PrivValidator: key, liar: liar} },
		options:     []node.Option{liar.receive},
	})
}

// lyingApp puts itself before the application.
type lyingApp struct {
	abci.Application
	app  *app
	liar *Liar
}

// ExtendVote implements abci.Application. It also sees to it that no share is made before the block that closed the
// bets is final here.
func (a *lyingApp) ExtendVote(ctx context.Context, req *abci.RequestExtendVote) (*abci.ResponseExtendVote, error) {
	response, err := a.Application.ExtendVote(ctx, req)
	if err != nil {
		return nil, err
	}
	if last := a.app.tip().Height; len(response.VoteExtension) > 0 && last != req.Height-1 {
		a.liar.mu.Lock()
		a.liar.breaches = append(a.liar.breaches, fmt.Sprintf("a share for height %d while block %d is final", req.Height, last))
		a.liar.mu.Unlock()
	}
	switch a.liar.now().Share {
	case "wrong":
		if held := a.app.sharingAt(req.Height); held != nil && held.share != nil {
			response.VoteExtension, err = held.share.Sign(req.Height + 1)
		}
	case "garbage":
		response.VoteExtension = []byte("no point of any curve")
	case "none":
		response.VoteExtension = nil
	}
	return response, err
}

// VerifyVoteExtension implements abci.Application. A liar believes itself.
func (a *lyingApp) VerifyVoteExtension(ctx context.Context, req *abci.RequestVerifyVoteExtension) (*abci.ResponseVerifyVoteExtension, error) {
	if a.liar.now().Share != "" && string(req.ValidatorAddress) == string(a.app.address[:]) {
		return &abci.ResponseVerifyVoteExtension{Status: abci.ResponseVerifyVoteExtension_ACCEPT}, nil
	}
	return a.Application.VerifyVoteExtension(ctx, req)
}

// PrepareProposal implements abci.Application.
func (a *lyingApp) PrepareProposal(ctx context.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	switch a.liar.now().Propose {
	case "nothing":
		return &abci.ResponsePrepareProposal{}, nil
	case "garbage":
		return &abci.ResponsePrepareProposal{Txs: [][]byte{[]byte("garbage")}}, nil
	}
	return a.Application.PrepareProposal(ctx, req)
}

// ProcessProposal implements abci.Application.
func (a *lyingApp) ProcessProposal(ctx context.Context, req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	if a.liar.now().Propose != "" && string(req.ProposerAddress) == string(a.app.address[:]) {
		return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
	}
	return a.Application.ProcessProposal(ctx, req)
}

// FinalizeBlock implements abci.Application.
func (a *lyingApp) FinalizeBlock(ctx context.Context, req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	a.liar.mu.Lock()
	a.liar.proven += len(req.Misbehavior)
	a.liar.mu.Unlock()
	return a.Application.FinalizeBlock(ctx, req)
}

// lyingKey puts itself before the validator's key.
type lyingKey struct {
	types.PrivValidator
	liar *Liar
}

// SignVote implements types.PrivValidator.
func (k *lyingKey) SignVote(chainID string, vote *cmtproto.Vote) error {
	lies := k.liar.now()
	if lies.Silent && vote.Type == cmtproto.PrecommitType {
		return errors.New("this validator keeps its precommits to itself")
	}
	vote.Timestamp = vote.Timestamp.Add(lies.Clock)
	if lies.Twice && vote.Type == cmtproto.PrevoteType && len(vote.BlockID.Hash) > 0 {
		if err := k.voteForNone(chainID, *vote); err != nil {
			return err
		}
	}
	return k.PrivValidator.SignVote(chainID, vote)
}

// voteForNone tells everybody of a vote that the validator's own records know nothing of.
func (k *lyingKey) voteForNone(chainID string, vote cmtproto.Vote) (err error) {
	vote.BlockID = cmtproto.BlockID{}
	vote.Signature, err = k.PrivValidator.(*guard).PrivValidator.(*privval.FilePV).Key.PrivKey.Sign(types.VoteSignBytes(chainID, &vote))
	k.liar.mu.Lock()
	sw := k.liar.sw
	k.liar.mu.Unlock()
	sw.Peers().ForEach(func(peer p2p.Peer) {
		peer.TrySend(p2p.Envelope{ChannelID: consensus.VoteChannel, Message: &cmtcons.Vote{Vote: &vote}})
	})
	return err
}

// SignProposal implements types.PrivValidator.
func (k *lyingKey) SignProposal(chainID string, proposal *cmtproto.Proposal) error {
	proposal.Timestamp = proposal.Timestamp.Add(k.liar.now().Clock)
	return k.PrivValidator.SignProposal(chainID, proposal)
}

// receive puts the liar before the reactors that take messages of consensus and of the mempool.
func (l *Liar) receive(n *node.Node) {
	sw := n.Switch()
	l.mu.Lock()
	l.sw = sw
	l.mu.Unlock()
	for _, name := range []string{"CONSENSUS", "MEMPOOL"} {
		reactor, _ := sw.Reactor(name)
		sw.RemoveReactor(name, reactor)
		switch r := reactor.(type) {
		case tap:
			sw.AddReactor(name, &lossyConsensus{tap: r, liar: l})
		case turns:
			sw.AddReactor(name, &lossyMempool{turns: r, liar: l})
		default:
			panic(fmt.Sprintf("%s is a %T", name, reactor))
		}
	}
}

type lossyConsensus struct {
	tap
	liar *Liar
}

// Receive implements p2p.Reactor.
func (r *lossyConsensus) Receive(e p2p.Envelope) { r.liar.pass(e, r.tap.Receive) }

type lossyMempool struct {
	turns
	liar *Liar
}

// Receive implements p2p.Reactor.
func (r *lossyMempool) Receive(e p2p.Envelope) { r.liar.pass(e, r.turns.Receive) }

// late is how late a message may come that comes behind others.
const late = 30 * time.Millisecond

func (l *Liar) pass(e p2p.Envelope, receive func(p2p.Envelope)) {
	lies := l.now()
	switch chance := rand.Float64(); {
	case chance < lies.Lost:
	case chance < lies.Lost+lies.Late:
		time.AfterFunc(rand.N(late), func() { receive(e) })
	case chance < lies.Lost+lies.Late+lies.Doubled:
		receive(e)
		receive(e)
	default:
		receive(e)
	}
}
