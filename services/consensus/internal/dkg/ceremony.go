package dkg

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Phase is a phase of a ceremony.
type Phase int

// The phases, in their order.
const (
	// Dealing waits for the dealers' deals.
	Dealing Phase = iota + 1
	// Responding waits for the members' complaints.
	Responding
	// Justifying waits for dealers to answer complaints. It is skipped if there are none.
	Justifying
	// Done means that there is a key.
	Done
	// Failed means that too few dealers or members took part.
	Failed
)

var phaseNames = map[Phase]string{Dealing: "dealing", Responding: "responding", Justifying: "justifying", Done: "done", Failed: "failed"}

// String returns the phase's name.
func (p Phase) String() string { return phaseNames[p] }

// ErrUnexpected means that the ceremony does not wait for a message, which may be valid otherwise: it is of another session or phase, or
// its sender has already sent one.
var ErrUnexpected = errors.New("dkg: unexpected message")

// Ceremony is a session with the messages received so far.
type Ceremony struct {
	Session Session
	Phase   Phase
	// Deals, Responses and Justifications are encoded messages by the indices of their senders.
	Deals, Responses, Justifications map[int][]byte

	// cache is shared with clones.
	cache *messageCache
}

// New begins a ceremony.
func New(session Session) *Ceremony {
	return &Ceremony{Session: session, Phase: Dealing, cache: newMessageCache(),
		Deals: map[int][]byte{}, Responses: map[int][]byte{}, Justifications: map[int][]byte{}}
}

// Clone returns a copy that can be modified independently.
func (c *Ceremony) Clone() *Ceremony {
	out := *c
	out.Deals, out.Responses, out.Justifications = maps.Clone(c.Deals), maps.Clone(c.Responses), maps.Clone(c.Justifications)
	return &out
}

// Handle adds a message, and ends the phase if the message is the last one that it waits for. The error is ErrUnexpected,
// protocol.ErrMalformed, or tells what is invalid about the message.
func (c *Ceremony) Handle(message []byte) error {
	tag := ""
	if len(message) >= len(DealTag) {
		tag = string(message[:len(DealTag)])
	}
	switch tag {
	case DealTag:
		return c.handleDeal(message)
	case ResponseTag:
		return c.handleResponse(message)
	case JustificationTag:
		return c.handleJustification(message)
	}
	return fmt.Errorf("%w: not a message of a ceremony", ErrUnexpected)
}

func (c *Ceremony) handleDeal(message []byte) error {
	d, err := DecodeDeal(message)
	if err != nil {
		return err
	}
	if c.Phase != Dealing || c.Deals[d.Dealer] != nil {
		return ErrUnexpected
	}
	if err := c.cache.verify(message, func() error { return c.Session.checkDeal(d) }); err != nil {
		return err
	}
	c.Deals[d.Dealer] = message
	if len(c.Deals) == len(c.Session.Dealers) {
		c.EndPhase()
	}
	return nil
}

func (c *Ceremony) handleResponse(message []byte) error {
	p, err := DecodeResponse(message)
	if err != nil {
		return err
	}
	if c.Phase != Responding || p.Session != c.Session.ID() || p.Member >= len(c.Session.Members) || c.Responses[p.Member] != nil {
		return ErrUnexpected
	}
	for _, dealer := range p.Complaints {
		if c.Deals[dealer] == nil {
			return fmt.Errorf("dkg: a complaint about dealer %d, which did not deal", dealer)
		}
	}
	verify := func() error { return c.Session.Members[p.Member].Verify(digest(p.signBytes()), p.Signature) }
	if err := c.cache.verify(message, verify); err != nil {
		return err
	}
	c.Responses[p.Member] = message
	if len(c.Responses) == len(c.Session.Members) {
		c.EndPhase()
	}
	return nil
}

func (c *Ceremony) handleJustification(message []byte) error {
	j, err := DecodeJustification(message)
	if err != nil {
		return err
	}
	if c.Phase != Justifying || j.Session != c.Session.ID() || c.Deals[j.Dealer] == nil || c.Justifications[j.Dealer] != nil {
		return ErrUnexpected
	}
	if err := c.Session.Dealers[j.Dealer].Verify(digest(j.signBytes()), j.Signature); err != nil {
		return err
	}
	if !slices.Contains(c.accused(), j.Dealer) { // Last: it decodes all responses, which only a dealer may cause.
		return ErrUnexpected
	}
	if err := c.checkAnswers(j); err != nil {
		return err
	}
	c.Justifications[j.Dealer] = message
	if len(c.accused()) == 0 {
		c.EndPhase()
	}
	return nil
}

// checkAnswers fails unless the dealer answers every complaint with a valid share.
func (c *Ceremony) checkAnswers(j Justification) error {
	polynomial, err := c.deal(j.Dealer).polynomial()
	if err != nil {
		return err
	}
	members := make([]int, len(j.Answers))
	for i, answer := range j.Answers {
		members[i] = answer.Member
	}
	if !slices.Equal(members, c.complaints()[j.Dealer]) {
		return errors.New("dkg: the dealer does not answer exactly the complaints")
	}
	for _, answer := range j.Answers {
		value, err := parseScalar(answer.Share)
		if err != nil {
			return err
		}
		if err := checkShare(polynomial, answer.Member, value); err != nil {
			return err
		}
	}
	return nil
}

// EndPhase continues with the messages received so far, as when a phase has timed out.
func (c *Ceremony) EndPhase() {
	switch {
	case c.Phase == Dealing && len(c.Deals) >= c.Session.RequiredDealers():
		c.Phase = Responding
	case c.Phase == Responding && len(c.Responses) >= c.Session.Threshold && len(c.accused()) > 0:
		c.Phase = Justifying
	case c.Phase == Responding && len(c.Responses) >= c.Session.Threshold && len(c.Qualified()) >= c.Session.RequiredDealers():
		c.Phase = Done
	case c.Phase == Justifying && len(c.Qualified()) >= c.Session.RequiredDealers():
		c.Phase = Done
	case c.Phase != Done:
		c.Phase = Failed
	}
}

// deal returns a deal that was accepted.
func (c *Ceremony) deal(dealer int) Deal {
	d, err := DecodeDeal(c.Deals[dealer])
	if err != nil {
		panic(fmt.Sprintf("dkg: an accepted deal: %v", err))
	}
	return d
}

// complaints returns the members that complain about each dealer, ascending.
func (c *Ceremony) complaints() map[int][]int {
	members := map[int][]int{}
	for _, member := range slices.Sorted(maps.Keys(c.Responses)) {
		p, err := DecodeResponse(c.Responses[member])
		if err != nil {
			continue
		}
		for _, dealer := range p.Complaints {
			members[dealer] = append(members[dealer], member)
		}
	}
	return members
}

// accused returns the dealers that owe a justification, ascending. One with as many complaints as the threshold owes none: answering them
// would reveal its polynomial.
func (c *Ceremony) accused() (dealers []int) {
	complaints := c.complaints()
	for _, dealer := range slices.Sorted(maps.Keys(c.Deals)) {
		if n := len(complaints[dealer]); n > 0 && n < c.Session.Threshold && c.Justifications[dealer] == nil {
			dealers = append(dealers, dealer)
		}
	}
	return dealers
}

// Qualified returns the dealers whose deals make the key, ascending: those without unanswered complaints. A resharing interpolates the
// secret, so it uses only the first of them that suffice.
func (c *Ceremony) Qualified() (dealers []int) {
	complaints := c.complaints()
	for _, dealer := range slices.Sorted(maps.Keys(c.Deals)) {
		if len(complaints[dealer]) == 0 || c.Justifications[dealer] != nil {
			dealers = append(dealers, dealer)
		}
	}
	if c.Session.resharing() && len(dealers) > c.Session.RequiredDealers() {
		dealers = dealers[:c.Session.RequiredDealers()]
	}
	return dealers
}
