package chain

import (
	"time"

	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

const (
	// attendEvery is how often a validator looks whether a phase's time is over.
	ceremonyPollInterval = 100 * time.Millisecond
	// sayAgainAfter is when what is not on the chain yet is told to all validators again, and then behind twice the time
	// each, since to tell again makes CometBFT tell everything again.
	rebroadcastAfter = 500 * time.Millisecond
	// maxDoublings bounds how much longer.
	maxDoublings = 4
)

// attend has the validator do its part in ceremonies. It remembers nothing that matters: what it must say follows from
// its key and the chain.
func (n *Node) runCeremonies() {
	tick := time.NewTicker(ceremonyPollInterval)
	defer tick.Stop()
	said := &ceremonyTxs{}
	for {
		if n.comet.IsRunning() && !n.comet.ConsensusReactor().WaitSync() {
			n.broadcastDue(said)
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
type ceremonyTxs struct {
	position ceremonyPosition
	built    map[string][]byte
	lastSent map[string]time.Time
	attempts map[string]int
}

// point is how far a ceremony is; the zero point where there is none.
type ceremonyPosition struct {
	epoch uint64
	phase dkg.Phase
}

// once returns what was made under a name before, or makes it.
func (s *ceremonyTxs) build(name string, make func() ([]byte, error)) ([]byte, error) {
	if s.built[name] == nil {
		var err error
		if s.built[name], err = make(); err != nil {
			return nil, err
		}
	}
	return s.built[name], nil
}

// say tells the other validators what the chain waits for, as far as this one can say it.
func (n *Node) broadcastDue(said *ceremonyTxs) {
	if n.Height() == 0 { // Whoever is not up to make the first block would throw it away.
		return
	}
	group := n.app.Group()
	var at ceremonyPosition
	if c := group.Ceremony; c != nil {
		at = ceremonyPosition{epoch: c.Session.Epoch, phase: c.Phase}
	}
	if said.position != at || said.built == nil {
		*said = ceremonyTxs{position: at, built: map[string][]byte{}, lastSent: map[string]time.Time{}, attempts: map[string]int{}}
	}
	now := n.app.now()
	for name, make := range n.dueTxs(group, now) {
		if now.Sub(said.lastSent[name]) < rebroadcastAfter<<min(said.attempts[name], maxDoublings) {
			continue
		}
		said.lastSent[name], said.attempts[name] = now, said.attempts[name]+1
		tx, err := said.build(name, make)
		if err == nil {
			err = n.broadcast(tx)
		}
		if err != nil {
			n.logger.Warn("a part in the key ceremony can't be done; it is tried again", "part", name, "epoch", at.epoch, "phase", at.phase.String(), "error", err)
		}
	}
}

// due are the transactions that the chain waits for and this validator can make, by their names.
func (n *Node) dueTxs(group *order.Group, now time.Time) map[string]func() ([]byte, error) {
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
	if c.Awaits(n.home.member.BeaconKey) {
		due["message"] = func() ([]byte, error) { return n.party().NextMessage(c.Ceremony) }
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
