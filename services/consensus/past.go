package consensus

import (
	"time"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// The methods here are for a program with its validators in the same process. They read the validator's own state, so they do not depend
// on its peers or on beacons that it has not collected yet.

// Created is when the chain was created.
func (s *Service) Created() time.Time { return s.node.Created() }

// Height is the latest final block that the validator has.
func (s *Service) Height() int64 { return s.node.Height() }

// Ordered reports whether the chain has ordered a commitment.
func (s *Service) Ordered(commitment protocol.Commitment) (bool, error) {
	ordered, ok, err := s.node.Ordered(order.RoundOf(commitment))
	return ok && ordered.Commitment == commitment, err
}

// OrderedAfter calls f with every commitment ordered above a height, in order, until it returns false.
func (s *Service) OrderedAfter(height int64, f func(protocol.Commitment) (more bool, err error)) error {
	return s.node.OrderedFrom(height+1, func(o order.Ordered) (bool, error) { return f(o.Commitment) })
}
