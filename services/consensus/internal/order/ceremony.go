package order

import (
	"bytes"
	"fmt"
	"time"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
)

// Ceremony is a key ceremony with its place in the chain.
type Ceremony struct {
	*dkg.Ceremony
	// Holders are the validators that it will make.
	Holders []Member
	// Opened is the block that opened its phase.
	Opened int64
	// Since is the time of the first block behind Opened, when the phase's time begins; zero before. The time of Opened
	// itself is that of the votes before it, which may be hours old where nothing happened.
	Since time.Time
	// Failures are how many ceremonies before this one came to nothing.
	Failures int
	// Sharing is what it came to, once it is done.
	Sharing []byte
}

// maxDoublings bounds how much longer phases get.
const maxDoublings = 6

// PhaseTime is how long a phase waits for those who are late: longer behind each failure, since machines or links may be
// slower than whoever made the chain thought.
func (g *Group) PhaseTime(c *Ceremony) time.Duration {
	return g.BasePhaseTime << min(c.Failures, maxDoublings)
}

// activeAfter is how many blocks behind the one that orders a sharing it is in force: when CometBFT has the validators
// that the block changed.
const activationDelay = 2

// begin opens the next ceremony, for the validators as the pending changes make them. It takes the place of one that failed.
// The first key is made by the validators of genesis, whoever of them is to leave: only a sharing can change who votes.
func (g *Group) beginCeremony(height int64) {
	g.Epoch++
	failures := 0
	if g.Ceremony != nil {
		failures = g.Ceremony.Failures + 1
	}
	holders := g.Members
	if len(g.Sharings) > 0 {
		holders, g.Pending = g.NextMembers(), nil
	}
	session := dkg.Session{Chain: g.Chain, Epoch: g.Epoch, Threshold: Quorum(len(holders)), Dealers: beaconKeys(g.Members), Members: beaconKeys(holders)}
	if n := len(g.Sharings); n > 0 {
		old := decodeSharing(g.Sharings[n-1].Encoded)
		for _, commitment := range old.Commitments {
			session.Old = append(session.Old, commitment[:])
		}
	}
	g.Ceremony = &Ceremony{Ceremony: dkg.New(session), Holders: holders, Opened: height, Failures: failures}
}

func beaconKeys(members []Member) (keys []dkg.PublicKey) {
	for _, m := range members {
		keys = append(keys, m.BeaconKey)
	}
	return keys
}

// decodeSharing reads what this package wrote.
func decodeSharing(encoded []byte) protocol.Sharing {
	s, err := protocol.DecodeSharing(encoded)
	if err != nil {
		panic(fmt.Sprintf("order: a sharing of the state: %v", err))
	}
	return s
}

// take gives a message to the ceremony.
func (g *Group) handleMessage(message []byte, height int64) error {
	before := g.Ceremony.Phase
	if err := g.Ceremony.Handle(message); err != nil {
		return err
	}
	if g.Ceremony.Phase != before {
		g.enterPhase(height)
	}
	return nil
}

// PhaseOver is the transaction that says that the time of a ceremony's phase is over. Anybody may say so: whether it is
// true, the block's time tells.
func PhaseOver(c *Ceremony) []byte {
	id := c.Session.ID()
	return append(append([]byte(phaseOverTag), id[:]...), byte(c.Phase))
}

// endPhase ends a phase whose time is over.
func (g *Group) endPhase(tx []byte, block Block) error {
	c := g.Ceremony
	if len(tx) != len(PhaseOver(c)) {
		return fmt.Errorf("%w: not an end of a phase", protocol.ErrMalformed)
	}
	if !bytes.Equal(tx, PhaseOver(c)) || c.Phase == dkg.Done || c.Since.IsZero() || block.Time.Before(c.Since.Add(g.PhaseTime(c))) {
		return dkg.ErrUnexpected
	}
	c.EndPhase()
	g.enterPhase(block.Height)
	return nil
}

// enter opens the phase that a ceremony has come to. One that failed starts over, with the changes that came meanwhile.
func (g *Group) enterPhase(height int64) {
	c := g.Ceremony
	c.Opened, c.Since = height, time.Time{}
	if c.Phase == dkg.Done {
		public, err := c.Public()
		if err == nil {
			c.Sharing = encodeSharing(c.Session.Epoch, public.Commitments(), c.Holders)
			return
		}
		c.Phase = dkg.Failed // Honest dealers' polynomials don't sum to nothing; this is for what can't be.
	}
	if c.Phase == dkg.Failed {
		g.beginCeremony(height)
	}
}

func encodeSharing(epoch uint64, commitments [][]byte, holders []Member) []byte {
	s := protocol.Sharing{Epoch: epoch}
	for _, commitment := range commitments {
		s.Commitments = append(s.Commitments, protocol.Point(commitment))
	}
	for _, m := range holders {
		s.Members = append(s.Members, m.Address())
	}
	return s.Encode()
}

// adopt puts a sharing into force. It must be the one that the ceremony came to, byte for byte: so a block that has it
// proves to everybody who knows the validators what the key is.
func (g *Group) adoptSharing(tx []byte, height int64) error {
	c := g.Ceremony
	if c.Phase != dkg.Done {
		return dkg.ErrUnexpected
	}
	if !bytes.Equal(tx, c.Sharing) {
		return fmt.Errorf("order: not the sharing that the ceremony came to")
	}
	if n := len(g.Sharings); n > 1 {
		g.Sharings = g.Sharings[n-1:]
	}
	g.Sharings = append(g.Sharings, Sharing{From: height + activationDelay, Encoded: tx, Members: c.Holders, Ceremony: c.Ceremony})
	g.Members, g.Ceremony = c.Holders, nil
	g.updateVersion()
	if len(g.Pending) > 0 {
		g.beginCeremony(height)
	}
	return nil
}
