package chain

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/cometbft/cometbft/crypto"
	"github.com/cometbft/cometbft/privval"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
)

// ErrForeignVote means that this validator's key signs somewhere else too.
var ErrForeignVote = errors.New("another process signs with this validator's key: end one of the two, and start this one again once the chain is past that height")

// guard signs with the validator's key as long as nobody else does. It hears every vote that peers send: one that carries
// this key's signature and was not made here, nor by an earlier process on this home, comes from a second copy of the key.
// Before its first votes it listens for a while, and so a copy that starts beside a living validator hears it vote before
// it does so itself.
type signGuard struct {
	types.PrivValidator
	chainID  string
	key      crypto.PubKey
	listen   time.Duration
	halt     func(error)
	onSigned func() // Called when it has signed something.

	once    sync.Once
	foreign chan struct{} // Closed when a foreign vote was heard.

	mu           sync.Mutex
	signedBefore voteStep         // Votes up to this one may be an earlier process's.
	own          ring[signedStep] // What this process signed lately.
	listenCount  int              // At how many more heights it listens first.
	lastListened int64            // The last of them.
}

// silentHeights is at how many heights a validator listens first. Where it takes over from fetching blocks, it may be two
// blocks behind the others, and what its copy does now is heard only at the same height.
const listenHeights = 3

// step is what a validator signs once: a height, a round and the type of the vote.
type voteStep struct {
	height int64
	round  int32
	kind   cmtproto.SignedMsgType
}

type signedStep struct {
	voteStep
	signature string
}

func (s voteStep) compare(o voteStep) int {
	return cmp.Or(cmp.Compare(s.height, o.height), cmp.Compare(s.round, o.round), cmp.Compare(s.kind, o.kind))
}

func voteStepOf(vote *types.Vote) voteStep { return voteStep{vote.Height, vote.Round, vote.Type} }

// unknown is what was signed last by a remote signer, which keeps that to itself: all votes before the first height at which it signs here,
// and for that height, may be its own.
var unknownStep = voteStep{height: math.MaxInt64}

// newGuard guards a key. A key file says what was signed before.
func newSignGuard(signer types.PrivValidator, chainID string, listen time.Duration, halt func(error)) (*signGuard, error) {
	key, err := signer.GetPubKey()
	if err != nil {
		return nil, fmt.Errorf("signer: %w", err)
	}
	g := &signGuard{PrivValidator: signer, chainID: chainID, key: key, listen: listen, halt: halt, onSigned: func() {}, foreign: make(chan struct{}),
		signedBefore: unknownStep, listenCount: listenHeights}
	if file, ok := signer.(*privval.FilePV); ok {
		last := file.LastSignState
		// Its steps are 1 for a proposal, 2 for a prevote and 3 for a precommit, one more than a vote's type.
		g.signedBefore = voteStep{last.Height, last.Round, cmtproto.SignedMsgType(last.Step - 1)}
	}
	return g, nil
}

// Close implements io.Closer for a remote signer, whose connection CometBFT closes first when it stops.
func (g *signGuard) Close() error {
	if c, ok := g.PrivValidator.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

// SignVote implements types.PrivValidator.
func (g *signGuard) SignVote(chainID string, vote *cmtproto.Vote) error {
	if err := g.awaitListening(vote.Height); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.PrivValidator.SignVote(chainID, vote); err != nil {
		return err
	}
	g.own.put(signedStep{voteStep{vote.Height, vote.Round, vote.Type}, string(vote.Signature)})
	g.onSigned()
	return nil
}

// SignProposal implements types.PrivValidator.
func (g *signGuard) SignProposal(chainID string, proposal *cmtproto.Proposal) error {
	if err := g.awaitListening(proposal.Height); err != nil {
		return err
	}
	if err := g.PrivValidator.SignProposal(chainID, proposal); err != nil {
		return err
	}
	g.onSigned()
	return nil
}

// wait listens before the first signature at each of the first heights, and fails once a foreign vote was heard. CometBFT
// signs in one goroutine and takes messages from peers in others.
func (g *signGuard) awaitListening(height int64) error {
	listen := time.Duration(0)
	g.mu.Lock()
	if g.signedBefore == unknownStep {
		g.signedBefore = voteStep{height, math.MaxInt32, math.MaxInt32}
	}
	if g.listenCount > 0 && height != g.lastListened {
		g.listenCount, g.lastListened, listen = g.listenCount-1, height, g.listen
	}
	g.mu.Unlock()
	if listen > 0 {
		timer := time.NewTimer(listen)
		defer timer.Stop()
		select {
		case <-g.foreign:
		case <-timer.C:
		}
	}
	select {
	case <-g.foreign:
		return ErrForeignVote
	default:
		return nil
	}
}

// heard looks at a vote that a peer sent. Its signature is checked only where it matters, and last.
func (g *signGuard) checkVote(vote *types.Vote) {
	if string(vote.ValidatorAddress) != string(g.key.Address()) || g.mayBeOwn(vote) {
		return
	}
	if g.key.VerifySignature(types.VoteSignBytes(g.chainID, vote.ToProto()), vote.Signature) {
		g.once.Do(func() {
			close(g.foreign)
			g.halt(fmt.Errorf("%w (it signed at height %d, round %d)", ErrForeignVote, vote.Height, vote.Round))
		})
	}
}

// known reports whether the vote was, or may have been, made here.
func (g *signGuard) mayBeOwn(vote *types.Vote) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if voteStepOf(vote).compare(g.signedBefore) <= 0 {
		return true
	}
	for _, own := range g.own.values {
		if own.voteStep == voteStepOf(vote) && own.signature == string(vote.Signature) {
			return true
		}
	}
	// What the ring has forgotten nobody can tell.
	oldest := g.own.values[g.own.next]
	return oldest.height > 0 && voteStepOf(vote).compare(oldest.voteStep) < 0
}
