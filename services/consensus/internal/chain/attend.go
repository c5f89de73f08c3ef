package chain

import (
	"time"

	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

const (
	// attendEvery is how often a validator looks whether a phase's time is over.
	attendEvery = 100 * time.Millisecond
	// sayAgainAfter is when what is not on the chain yet is told to all validators again, and then behind twice the time
	// each, since to tell again makes CometBFT tell everything again.
	sayAgainAfter = 500 * time.Millisecond
	// maxDoublings bounds how much longer.
	maxDoublings = 4
)

// attend has the validator do its part in ceremonies. It remembers nothing that matters: what it must say follows from
// its key and the chain.
func (n *Node) attend() {
	tick := time.NewTicker(attendEvery)
	defer tick.Stop()
	said := &sayings{}
	for {
		if n.comet.IsRunning() && !n.comet.ConsensusReactor().WaitSync() {
			n.say(said)
		}
		select {
		case <-n.app.changed:
		case <-tick.C:
		case <-n.stop:
			return
		}
	}
}

// sayings are what the validator has to say at a point of a ceremony, and when it last did. Seals and signatures are
// random: two versions of one message would both be told around.
type sayings struct {
	at   point
	made map[string][]byte
	last map[string]time.Time
	told map[string]int
}

// point is how far a ceremony is; the zero point where there is none.
type point struct {
	epoch uint64
	phase dkg.Phase
}

// once returns what was made under a name before, or makes it.
func (s *sayings) once(name string, make func() ([]byte, error)) ([]byte, error) {
	if s.made[name] == nil {
		var err error
		if s.made[name], err = make(); err != nil {
			return nil, err
		}
	}
	return s.made[name], nil
}

// say tells the other validators what the chain waits for, as far as this one can say it.
func (n *Node) say(said *sayings) {
	if n.Height() == 0 { // Whoever is not up to make the first block would throw it away.
		return
	}
	group := n.app.Group()
	var at point
	if c := group.Ceremony; c != nil {
		at = point{epoch: c.Session.Epoch, phase: c.Phase}
	}
	if said.at != at || said.made == nil {
		*said = sayings{at: at, made: map[string][]byte{}, last: map[string]time.Time{}, told: map[string]int{}}
	}
	now := n.app.now()
	for name, make := range n.due(group, now) {
		if now.Sub(said.last[name]) < sayAgainAfter<<min(said.told[name], maxDoublings) {
			continue
		}
		said.last[name], said.told[name] = now, said.told[name]+1
		tx, err := said.once(name, make)
		if err == nil {
			err = n.tell(tx)
		}
		if err != nil {
			n.logger.Warn("a part in the key ceremony can't be done; it is tried again", "part", name, "epoch", at.epoch, "phase", at.phase.String(), "error", err)
		}
	}
}

// due are the transactions that the chain waits for and this validator can make, by their names.
func (n *Node) due(group *order.Group, now time.Time) map[string]func() ([]byte, error) {
	due := map[string]func() ([]byte, error){}
	if i := order.IndexOf(group.Members, n.app.address); i >= 0 && group.Members[i].Version < n.app.version {
		due["announcement"] = func() ([]byte, error) {
			return order.Announcement(group.Chain, n.app.address, n.app.version, n.home.beaconKey)
		}
	}
	c := group.Ceremony
	if c == nil {
		return due
	}
	if c.Phase == dkg.Done {
		due["sharing"] = func() ([]byte, error) { return c.Sharing, nil }
		return due
	}
	if c.Awaits(n.home.card.BeaconKey) {
		due["message"] = func() ([]byte, error) { return n.party().Due(c.Ceremony) }
	}
	if !c.Since.IsZero() && now.Sub(c.Since) >= group.PhaseTime(c) {
		due["end of phase"] = func() ([]byte, error) { return order.PhaseOver(c), nil }
	}
	return due
}

// party is this validator in a ceremony: with its key, and its share where the secret is shared anew.
func (n *Node) party() dkg.Party {
	party := dkg.Party{Key: n.home.beaconKey}
	if s := n.app.newestSharing(); s != nil {
		party.Share = s.share
	}
	return party
}
