package order

import (
	"errors"
	"strconv"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
)

// Code is the result code of a transaction.
type Code uint32

// The result codes. They are ABCI codes, and part of the chain's history.
const (
	// Accepted means that the transaction was executed.
	Accepted Code = iota
	// Malformed means that the transaction can't be decoded.
	Malformed
	// Decided means that the round already has a commitment, or its game has one in this block.
	Decided
	// Early means that a commitment comes before there is a key that throws dice, or before the dice of the previous round.
	Early
	// Unexpected means that the state does not wait for the transaction: it is of another ceremony or phase, a repetition, or not due yet.
	Unexpected
	// Invalid means that the transaction is invalid: a signature, a deal, a sharing or a change does not verify.
	Invalid
)

var codeTexts = map[Code]string{Accepted: "is accepted", Malformed: "is malformed", Decided: "is for a round that has a commitment",
	Early: "comes before the key or the dice of the previous round", Unexpected: "is unexpected", Invalid: "is invalid"}

// String returns the code as the predicate of a sentence about the transaction.
func (v Code) String() string {
	if text, ok := codeTexts[v]; ok {
		return text
	}
	return "has the code " + strconv.Itoa(int(v))
}

// codeOf returns the code for an error about a transaction.
func codeOf(err error) Code {
	switch {
	case err == nil:
		return Accepted
	case errors.Is(err, protocol.ErrMalformed):
		return Malformed
	case errors.Is(err, dkg.ErrUnexpected):
		return Unexpected
	}
	return Invalid
}

// Tags begin the transactions that are neither commitments nor messages of a ceremony.
const (
	phaseOverTag = "bitcraps/over/01"
	changeTag    = "bitcraps/chng/01"
	versionTag   = "bitcraps/vers/01"
	sharingTag   = "bitcraps/share/1"
	tagSize      = 16
)

// tx executes a transaction, whose tag determines its kind.
func (e *execution) tx(tx []byte) (Code, error) {
	tag := ""
	if len(tx) >= tagSize {
		tag = string(tx[:tagSize])
	}
	switch tag {
	case dkg.DealTag, dkg.ResponseTag, dkg.JustificationTag:
		return e.ceremony(func(g *Group) error { return g.handleMessage(tx, e.block.Height) }), nil
	case phaseOverTag:
		return e.ceremony(func(g *Group) error { return g.endPhase(tx, e.block) }), nil
	case sharingTag:
		return e.ceremony(func(g *Group) error { return g.adoptSharing(tx, e.block.Height) }), nil
	case changeTag:
		return e.try(func(g *Group) error { return g.orderChange(tx, e.block.Height) }), nil
	case versionTag:
		return e.try(func(g *Group) error { return g.announce(tx, e.announced) }), nil
	}
	return e.commitment(tx)
}

// ceremony executes a transaction of the ceremony in progress.
func (e *execution) ceremony(f func(g *Group) error) Code {
	if e.group.Ceremony == nil {
		return Unexpected
	}
	return e.try(f)
}

// try executes a transaction that modifies the group; the group is unchanged if it fails.
func (e *execution) try(f func(g *Group) error) Code {
	changed := e.group.clone()
	err := f(changed)
	if err == nil {
		e.group, e.cloned = changed, true
	}
	return codeOf(err)
}
