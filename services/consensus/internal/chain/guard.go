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
type guard struct {
	types.PrivValidator
	chainID string
	key     crypto.PubKey
	listen  time.Duration
	halt    func(error)
	signed  func() // Called when it has signed something.

	once    sync.Once
	foreign chan struct{} // Closed when a foreign vote was heard.

	mu       sync.Mutex
	from     step             // Votes up to this one may be an earlier process's.
	own      ring[signedStep] // What this process signed lately.
	silent   int              // At how many more heights it listens first.
	listened int64            // The last of them.
}

// silentHeights is at how many heights a validator listens first. Where it takes over from fetching blocks, it may be two
// blocks behind the others, and what its copy does now is heard only at the same height.
const silentHeights = 3

// step is what a validator signs once: a height, a round and the type of the vote.
type step struct {
	height int64
	round  int32
	kind   cmtproto.SignedMsgType
}

type signedStep struct {
	step
	signature string
}

func (s step) compare(o step) int {
	return cmp.Or(cmp.Compare(s.height, o.height), cmp.Compare(s.round, o.round), cmp.Compare(s.kind, o.kind))
}

func stepOf(vote *types.Vote) step { return step{vote.Height, vote.Round, vote.Type} }

// unknown is what was signed last by a remote signer, which keeps that to itself: all votes before the first height at which it signs here,
// and for that height, may be its own.
var unknown = step{height: math.MaxInt64}

// newGuard guards a key. A key file says what was signed before.
func newGuard(signer types.PrivValidator, chainID string, listen time.Duration, halt func(error)) (*guard, error) {
	key, err := signer.GetPubKey()
	if err != nil {
		return nil, fmt.Errorf("signer: %w", err)
	}
	g := &guard{PrivValidator: signer, chainID: chainID, key: key, listen: listen, halt: halt, signed: func() {}, foreign: make(chan struct{}),
		from: unknown, silent: silentHeights}
	if file, ok := signer.(*privval.FilePV); ok {
		last := file.LastSignState
		// Its steps are 1 for a proposal, 2 for a prevote and 3 for a precommit, one more than a vote's type.
		g.from = step{last.Height, last.Round, cmtproto.SignedMsgType(last.Step - 1)}
	}
	return g, nil
}

// Close implements io.Closer for a remote signer, whose connection CometBFT closes first when it stops.
func (g *guard) Close() error {
	if c, ok := g.PrivValidator.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

// SignVote implements types.PrivValidator.
func (g *guard) SignVote(chainID string, vote *cmtproto.Vote) error {
	if err := g.wait(vote.Height); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.PrivValidator.SignVote(chainID, vote); err != nil {
		return err
	}
	g.own.put(signedStep{step{vote.Height, vote.Round, vote.Type}, string(vote.Signature)})
	g.signed()
	return nil
}

// SignProposal implements types.PrivValidator.
func (g *guard) SignProposal(chainID string, proposal *cmtproto.Proposal) error {
	if err := g.wait(proposal.Height); err != nil {
		return err
	}
	if err := g.PrivValidator.SignProposal(chainID, proposal); err != nil {
		return err
	}
	g.signed()
	return nil
}

// wait listens before the first signature at each of the first heights, and fails once a foreign vote was heard. CometBFT
// signs in one goroutine and takes messages from peers in others.
func (g *guard) wait(height int64) error {
	listen := time.Duration(0)
	g.mu.Lock()
	if g.from == unknown {
		g.from = step{height, math.MaxInt32, math.MaxInt32}
	}
	if g.silent > 0 && height != g.listened {
		g.silent, g.listened, listen = g.silent-1, height, g.listen
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
func (g *guard) heard(vote *types.Vote) {
	if string(vote.ValidatorAddress) != string(g.key.Address()) || g.known(vote) {
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
func (g *guard) known(vote *types.Vote) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if stepOf(vote).compare(g.from) <= 0 {
		return true
	}
	for _, own := range g.own.values {
		if own.step == stepOf(vote) && own.signature == string(vote.Signature) {
			return true
		}
	}
	// What the ring has forgotten nobody can tell.
	oldest := g.own.values[g.own.next]
	return oldest.height > 0 && stepOf(vote).compare(oldest.step) < 0
}
