package order

import (
	"errors"
	"strconv"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
)

// Verdict is what the state machine says of a transaction.
type Code uint32

// The verdicts. Their numbers are ABCI result codes and part of the chain's history.
const (
	// Accepted is done.
	Accepted Code = iota
	// Malformed is no transaction.
	Malformed
	// Decided names a round that has a commitment already, or a game that has one in this block.
	Decided
	// Early comes before what it needs: a commitment before there is a key that throws dice, or before the dice of the round before it.
	Early
	// Unexpected is not waited for: of another ceremony or phase, said before, or not yet due.
	Unexpected
	// False claims what does not hold: a signature, a deal, a sharing, a change.
	Invalid
)

var codeTexts = map[Code]string{Accepted: "is accepted", Malformed: "is no transaction", Decided: "is for a round that has a commitment",
	Early: "comes before there is a key, or dice of the round before", Unexpected: "is not waited for", Invalid: "claims what does not hold"}

// String says what is wrong with the transaction.
func (v Code) String() string {
	if text, ok := codeTexts[v]; ok {
		return text
	}
	return "has the verdict " + strconv.Itoa(int(v))
}

// verdictOf is what an error about a transaction comes to.
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

// tx executes one transaction. Its tag says of which kind it is.
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

// ceremony executes a transaction that makes sense only while there is one.
func (e *execution) ceremony(f func(g *Group) error) Code {
	if e.group.Ceremony == nil {
		return Unexpected
	}
	return e.try(f)
}

// try executes a transaction that changes the group, or leaves it as it is where it fails.
func (e *execution) try(f func(g *Group) error) Code {
	changed := e.group.clone()
	err := f(changed)
	if err == nil {
		e.group, e.cloned = changed, true
	}
	return codeOf(err)
}
