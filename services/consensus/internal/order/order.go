// Package order is the replicated state machine of the validators: it determines the commitment of each round, the set of validators, and
// the sharings of the beacon's secret. It is deterministic and does no I/O of its own, so that every validator that executes the same
// blocks has the same state.
package order

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/bitcraps/bitcraps/libs/protocol"
)

// Round identifies a round of a game.
type Round struct {
	Game   protocol.ID
	Number uint64
}

// Previous is the round before.
func (r Round) Previous() Round { return Round{Game: r.Game, Number: r.Number - 1} }

// Ordered is a commitment that a block made final.
type Ordered struct {
	// Commitment is what was ordered.
	Commitment protocol.Commitment
	// Height is the height of the block.
	Height int64
}

// BeaconHeight returns the height whose precommits carry the beacon for a round that was ordered at a height: the next one, so that no one
// can know the dice while the commitment can still change.
func BeaconHeight(height int64) int64 { return height + 1 }

// Reader reads the state after the last block.
type Reader interface {
	// Ordered returns the commitment that was ordered for a round. ok is false if there is none.
	Ordered(round Round) (ordered Ordered, ok bool, err error)
	// HasGame reports whether any round of a game was ordered.
	HasGame(game protocol.ID) (bool, error)
	// Group returns the validators and their key. It must not be modified.
	Group() *Group
}

// RoundOf returns the round that a commitment is for.
func RoundOf(c protocol.Commitment) Round { return Round{Game: c.Game, Number: c.Round} }

// Block is a block to execute.
type Block struct {
	// Height is the number of the block, from 1.
	Height int64
	// Time is the median of the times at which validators voted for the previous block.
	Time time.Time
	// Txs are the transactions.
	Txs [][]byte
	// Offenders are validators that have equivocated, as evidence in the block proves.
	Offenders []protocol.Address
}

// Result is the result of executing a block.
type Result struct {
	// Codes has one entry per transaction.
	Codes []Code
	// Ordered are the commitments that the block made final, in their order.
	Ordered []Ordered
	// Group are the validators and their key after the block. It is that of the Reader if the block did not change it.
	Group *Group
	// Encoded is the encoded group; nil if the block did not change it.
	Encoded []byte
	// AppHash is the hash of the state after the block. It is unchanged if the block changed nothing, so that an idle chain makes no
	// blocks.
	AppHash protocol.Hash
}

// execution is the execution of a block.
type execution struct {
	state        Reader
	block        Block
	group        *Group
	cloned       bool                 // group is a clone, which may be modified.
	gamesInBlock map[protocol.ID]bool // The games of which the block has ordered a round.
	announced    map[protocol.Address]bool
	result       Result
}

// mutableGroup returns the group for modification.
func (e *execution) mutableGroup() *Group {
	if !e.cloned {
		e.group, e.cloned = e.group.clone(), true
	}
	return e.group
}

// Execute executes a block on a state. Of two commitments for one round, or for one game in one block, the first wins.
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

// Validate returns the codes that Execute would return for a block's transactions, up to the first that is not accepted: that one is enough
// to reject the block, and those after it may only be there to cost time. It skips the application hash, which is slow to compute during a
// key ceremony.
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

// begin executes what precedes a block's transactions: the start of a phase's timeout, and the expulsion of offenders.
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

// commitment executes a commitment.
func (e *execution) commitment(tx []byte) (Code, error) {
	c, err := protocol.DecodeCommitment(tx)
	if err != nil {
		return Malformed, nil
	}
	if len(e.state.Group().Sharings) == 0 { // There could be no dice.
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

// isDue reports whether a round may be ordered: the dice of the one before it are known, or no round of the game was ordered yet. Otherwise
// a dishonest game could have dice thrown for the same bets in many rounds, and play the one whose dice suit it.
func (e *execution) isDue(round Round) (bool, error) {
	before, ok, err := e.state.Ordered(round.Previous())
	if ok || err != nil {
		return err == nil && e.block.Height > BeaconHeight(before.Height), err
	}
	known, err := e.state.HasGame(round.Game)
	return !known, err
}

// Hash extends the hash chain by a block: by the commitments that it ordered, and by the hash of the group if it changed the group; zero
// otherwise.
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

// HashGroup hashes an encoded group. It is zero for nil.
func HashGroup(encoded []byte) protocol.Hash {
	if encoded == nil {
		return protocol.Hash{}
	}
	return sha256.Sum256(append([]byte("bitcraps/group/1"), encoded...))
}

// SelectTxs returns the transactions that a proposer should include in a block: those that would be accepted, in their order, as long as
// they fit into maxBytes.
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
		// The encoding of a transaction in a block adds a tag of one byte and a length of at most five.
		if maxBytes -= int64(len(tx)) + 6; maxBytes < 0 {
			break
		}
		out = append(out, tx)
	}
	return out, nil
}
