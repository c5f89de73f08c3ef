// Package order is the validators' replicated state machine: it decides which commitment stands under which round, who
// the validators are, and who holds which share of the beacon's secret. It is deterministic and does no I/O of its own, so
// that every validator that executes the same blocks has the same state.
package order

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/bitcraps/bitcraps/libs/protocol"
)

// Round names a round of a game.
type Round struct {
	Game   protocol.ID
	Number uint64
}

// Ordered is a commitment that a block made final.
type Ordered struct {
	// Commitment is what was ordered.
	Commitment protocol.Commitment
	// Height is the block.
	Height int64
}

// BeaconHeight is the block whose precommits throw the dice of a round that was ordered at a height: the first later
// one, so that nobody can know the dice while the commitment can still change.
func BeaconHeight(height int64) int64 { return height + 1 }

// Reader knows the state behind the last block.
type Reader interface {
	// Ordered returns what stands under the round. ok is false where nothing does.
	Ordered(round Round) (ordered Ordered, ok bool, err error)
	// Knows reports whether anything stands under a round of the game.
	HasGame(game protocol.ID) (bool, error)
	// Group returns the validators and their key. Nobody changes it.
	Group() *Group
}

// RoundOf is the round that a commitment is for.
func RoundOf(c protocol.Commitment) Round { return Round{Game: c.Game, Number: c.Round} }

// Block is what is executed.
type Block struct {
	// Height counts the blocks from 1.
	Height int64
	// Time is the median of the times at which validators voted for the block before.
	Time time.Time
	// Txs are the transactions.
	Txs [][]byte
	// Offenders are validators that the block proves to have signed two blocks of one height.
	Offenders []protocol.Address
}

// Result is what executing a block did.
type Result struct {
	// Verdicts has one entry per transaction.
	Codes []Code
	// Ordered are the commitments that the block made final, in its order.
	Ordered []Ordered
	// Group are the validators and their key behind the block. It is the state's own where the block changed nothing.
	Group *Group
	// Encoded is the group as it is kept; nil where the block changed nothing.
	Encoded []byte
	// AppHash is the hash of the state behind the block. It stays what it was where nothing was changed, so that an idle
	// chain makes no blocks.
	AppHash protocol.Hash
}

// execution is a block while it is executed.
type execution struct {
	state        Reader
	block        Block
	group        *Group
	cloned       bool                 // The group is a copy, which may be changed.
	gamesInBlock map[protocol.ID]bool // The games that the block has a round of.
	announced    map[protocol.Address]bool
	result       Result
}

// change returns the group to write to.
func (e *execution) mutableGroup() *Group {
	if !e.cloned {
		e.group, e.cloned = e.group.clone(), true
	}
	return e.group
}

// Execute runs a block's transactions against the state. Of two commitments for one round, or for one game in one block, the first wins.
func Execute(state Reader, appHash protocol.Hash, block Block) (Result, error) {
	e, err := execute(state, block)
	if err != nil {
		return Result{}, err
	}
	if e.cloned {
		if e.result.Encoded, err = json.Marshal(e.group); err != nil {
			return Result{}, err
		}
	}
	e.result.AppHash = Hash(appHash, block.Height, e.result.Ordered, HashGroup(e.result.Encoded))
	return e.result, nil
}

// Judge says what Execute would say of a block's transactions, up to the first that it would not accept: that one is enough
// to refuse a block, and what is behind it may be there to cost time. It spares the hash, which takes long in a key ceremony.
func Validate(state Reader, block Block) ([]Code, error) {
	e := begin(state, block)
	var verdicts []Code
	for _, tx := range block.Txs {
		verdict, err := e.tx(tx)
		if err != nil {
			return nil, err
		}
		if verdicts = append(verdicts, verdict); verdict != Accepted {
			break
		}
	}
	return verdicts, nil
}

// begin does what comes before a block's transactions.
func begin(state Reader, block Block) *execution {
	e := &execution{state: state, block: block, group: state.Group(), gamesInBlock: make(map[protocol.ID]bool, len(block.Txs)),
		announced: map[protocol.Address]bool{}, result: Result{Codes: make([]Code, len(block.Txs))}}
	if c := e.group.Ceremony; c != nil && c.Since.IsZero() && block.Height > c.Opened {
		e.mutableGroup().Ceremony.Since = block.Time.UTC()
	}
	for _, offender := range block.Offenders {
		if changed := e.group.clone(); changed.isMember(offender) && changed.expel(offender, block.Height) {
			e.group, e.cloned = changed, true
		}
	}
	return e
}

func execute(state Reader, block Block) (*execution, error) {
	e := begin(state, block)
	for i, tx := range block.Txs {
		var err error
		if e.result.Codes[i], err = e.tx(tx); err != nil {
			return nil, err
		}
	}
	e.result.Group = e.group
	return e, nil
}

// commitment orders a commitment.
func (e *execution) commitment(tx []byte) (Code, error) {
	c, err := protocol.DecodeCommitment(tx)
	if err != nil {
		return Malformed, nil
	}
	if len(e.state.Group().Sharings) == 0 { // There would be no dice.
		return Early, nil
	}
	round := RoundOf(c)
	_, decided, err := e.state.Ordered(round)
	if err != nil {
		return Malformed, err
	}
	if decided || e.gamesInBlock[round.Game] {
		return Decided, nil
	}
	if due, err := e.isDue(round); err != nil || !due {
		return Early, err
	}
	e.gamesInBlock[round.Game] = true
	e.result.Ordered = append(e.result.Ordered, Ordered{Commitment: c, Height: e.block.Height})
	return Accepted, nil
}

// due reports whether a round's turn has come: the dice of the one before it are known, or the chain knows no round of the game. Else
// whoever commits could have dice thrown for the same bets under many rounds, and play the one whose dice suit.
func (e *execution) isDue(round Round) (bool, error) {
	before, ok, err := e.state.Ordered(Round{Game: round.Game, Number: round.Number - 1})
	if ok || err != nil {
		return err == nil && e.block.Height > BeaconHeight(before.Height), err
	}
	known, err := e.state.HasGame(round.Game)
	return !known, err
}

// Hash hashes what a block did onto the state before it: the commitments that it ordered, and the hash of the group where
// it changed that; zero where not.
func Hash(previous protocol.Hash, height int64, ordered []Ordered, group protocol.Hash) protocol.Hash {
	if len(ordered) == 0 && group == (protocol.Hash{}) {
		return previous
	}
	h := sha256.New()
	h.Write([]byte("bitcraps/app/002"))
	h.Write(previous[:])
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(height)))
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(ordered)))) // Otherwise the last commitment could pass for a group's hash.
	for _, o := range ordered {
		hash := o.Commitment.Hash()
		h.Write(hash[:])
	}
	if group != (protocol.Hash{}) {
		h.Write(group[:])
	}
	return protocol.Hash(h.Sum(nil))
}

// HashGroup hashes a group as it is kept. It is zero where there is none.
func HashGroup(encoded []byte) protocol.Hash {
	if encoded == nil {
		return protocol.Hash{}
	}
	return sha256.Sum256(append([]byte("bitcraps/group/1"), encoded...))
}

// Acceptable returns the transactions that a proposer should put into the block: those that would be accepted, in their
// order, as long as they fit into maxBytes.
func SelectTxs(state Reader, block Block, maxBytes int64) ([][]byte, error) {
	e, err := execute(state, block)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for i, tx := range block.Txs {
		if e.result.Codes[i] != Accepted {
			continue
		}
		// A transaction has a tag of one byte and a length of at most five beside its own bytes.
		if maxBytes -= int64(len(tx)) + 6; maxBytes < 0 {
			break
		}
		out = append(out, tx)
	}
	return out, nil
}
