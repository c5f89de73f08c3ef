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

// ErrForeignVote means that another process signs with this validator's key.
var ErrForeignVote = errors.New("another process signs with this validator's key: stop one of the two, and restart this one once the chain is past that height")

// signGuard protects against double signing by a second process with the same key. It signs as long as no other process does. It checks
// every vote that peers send: one with this key's signature that was made neither here nor by an earlier process on this home comes from
// a second copy of the key. Before its first votes it listens for a while, so a copy that starts next to a running validator sees that
// one's vote before it votes itself.
type signGuard struct {
	types.PrivValidator
	chainID  string
	key      crypto.PubKey
	listen   time.Duration
	halt     func(error)
	onSigned func() // Called after each signature.

	once    sync.Once
	foreign chan struct{} // Closed when a foreign vote was received.

	mu           sync.Mutex
	signedBefore voteStep         // Votes up to this step may be of an earlier process.
	own          ring[signedStep] // What this process signed most recently.
	listenCount  int              // At how many more heights to listen before signing.
	lastListened int64            // The last height at which it listened.
}

// listenHeights is at how many heights a validator listens before it signs. When it switches from block sync to consensus it may be two
// blocks behind the others, and it receives the votes of its copy only once both are at the same height.
const listenHeights = 3

// voteStep is a step of consensus at which a validator signs one vote: the height, the round and the type of the vote.
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

// unknownStep stands for the last step that a remote signer has signed, which it does not disclose: all votes up to and including the
// first height at which it signs here may be its own.
var unknownStep = voteStep{height: math.MaxInt64}

// newSignGuard guards a key. A key file records what was signed last.
func newSignGuard(signer types.PrivValidator, chainID string, listen time.Duration, halt func(error)) (*signGuard, error) {
	key, err := signer.GetPubKey()
	if err != nil {
		return nil, fmt.Errorf("signer: %w", err)
	}
	g := &signGuard{PrivValidator: signer, chainID: chainID, key: key, listen: listen, halt: halt, onSigned: func() {}, foreign: make(chan struct{}),
		signedBefore: unknownStep, listenCount: listenHeights}
	if file, ok := signer.(*privval.FilePV); ok {
		last := file.LastSignState
		// FilePV's steps are 1 for a proposal, 2 for a prevote and 3 for a precommit, one more than a vote's type.
		g.signedBefore = voteStep{last.Height, last.Round, cmtproto.SignedMsgType(last.Step - 1)}
	}
	return g, nil
}

// Close implements io.Closer. CometBFT closes the connection to a remote signer first when it stops.
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

// awaitListening waits before the first signature at each of the first heights, and fails once a foreign vote was received. CometBFT
// signs in one goroutine and receives messages from peers in others.
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

// checkVote checks a vote that a peer sent. The signature is verified last, and only if the vote could be foreign.
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

// mayBeOwn reports whether the vote was, or may have been, made here.
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
	// Votes older than the ring can't be told apart.
	oldest := g.own.values[g.own.next]
	return oldest.height > 0 && voteStepOf(vote).compare(oldest.voteStep) < 0
}
