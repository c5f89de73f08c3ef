package order

import (
	"errors"
	"strconv"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
)

// Verdict is what the state machine says of a transaction.
type Verdict uint32

// The verdicts. Their numbers are ABCI result codes and part of the chain's history.
const (
	// Accepted is done.
	Accepted Verdict = iota
	// Malformed is no transaction.
	Malformed
	// Decided names a round that has a commitment already, or a game that has one in this block.
	Decided
	// Early comes before what it needs: a commitment before there is a key that throws dice, or before the dice of the round before it.
	Early
	// Unexpected is not waited for: of another ceremony or phase, said before, or not yet due.
	Unexpected
	// False claims what does not hold: a signature, a deal, a sharing, a change.
	False
)

var verdictTexts = map[Verdict]string{Accepted: "is accepted", Malformed: "is no transaction", Decided: "is for a round that has a commitment",
	Early: "comes before there is a key, or dice of the round before", Unexpected: "is not waited for", False: "claims what does not hold"}

// String says what is wrong with the transaction.
func (v Verdict) String() string {
	if text, ok := verdictTexts[v]; ok {
		return text
	}
	return "has the verdict " + strconv.Itoa(int(v))
}

// verdictOf is what an error about a transaction comes to.
func verdictOf(err error) Verdict {
	switch {
	case err == nil:
		return Accepted
	case errors.Is(err, protocol.ErrMalformed):
		return Malformed
	case errors.Is(err, dkg.ErrUnexpected):
		return Unexpected
	}
	return False
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
func (e *execution) tx(tx []byte) (Verdict, error) {
	tag := ""
	if len(tx) >= tagSize {
		tag = string(tx[:tagSize])
	}
	switch tag {
	case dkg.DealTag, dkg.ResponseTag, dkg.JustificationTag:
		return e.ceremony(func(g *Group) error { return g.take(tx, e.block.Height) }), nil
	case phaseOverTag:
		return e.ceremony(func(g *Group) error { return g.endPhase(tx, e.block) }), nil
	case sharingTag:
		return e.ceremony(func(g *Group) error { return g.adopt(tx, e.block.Height) }), nil
	case changeTag:
		return e.try(func(g *Group) error { return g.order(tx, e.block.Height) }), nil
	case versionTag:
		return e.try(func(g *Group) error { return g.announce(tx, e.announced) }), nil
	}
	return e.commitment(tx)
}

// ceremony executes a transaction that makes sense only while there is one.
func (e *execution) ceremony(f func(g *Group) error) Verdict {
	if e.group.Ceremony == nil {
		return Unexpected
	}
	return e.try(f)
}

// try executes a transaction that changes the group, or leaves it as it is where it fails.
func (e *execution) try(f func(g *Group) error) Verdict {
	changed := e.group.clone()
	err := f(changed)
	if err == nil {
		e.group, e.own = changed, true
	}
	return verdictOf(err)
}
