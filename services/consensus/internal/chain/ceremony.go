package chain

import (
	"time"

	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

const (
	// ceremonyPollInterval is how often a validator checks whether a phase has timed out.
	ceremonyPollInterval = 100 * time.Millisecond
	// rebroadcastAfter is after how long a transaction that is not on the chain yet is sent to all validators again. The interval doubles
	// each time, since rebroadcasting a transaction makes CometBFT send it to every peer again.
	rebroadcastAfter = 500 * time.Millisecond
	// maxDoublings bounds how often the interval doubles.
	maxDoublings = 4
)

// runCeremonies takes the validator's part in key ceremonies. It keeps no state that must survive a crash: the messages follow from the
// validator's key and the chain.
func (n *Node) runCeremonies() {
	tick := time.NewTicker(ceremonyPollInterval)
	defer tick.Stop()
	txs := &ceremonyTxs{}
	for {
		if n.comet.IsRunning() && !n.comet.ConsensusReactor().WaitSync() {
			n.broadcastDue(txs)
		}
		select {
		case <-n.app.changed:
		case <-tick.C:
		case <-n.stop:
			return
		}
	}
}

// ceremonyTxs are the validator's transactions at one position of a ceremony, and when it last sent each. They are built once, since
// encryption and signatures are randomized: two versions of one message would both be gossiped.
type ceremonyTxs struct {
	position ceremonyPosition
	built    map[string][]byte
	lastSent map[string]time.Time
	attempts map[string]int
}

// ceremonyPosition is how far a ceremony has got; zero if none is in progress.
type ceremonyPosition struct {
	epoch uint64
	phase dkg.Phase
}

// build returns the transaction that was built under a name before, or builds it.
func (s *ceremonyTxs) build(name string, encode func() ([]byte, error)) ([]byte, error) {
	if s.built[name] == nil {
		var err error
		if s.built[name], err = encode(); err != nil {
			return nil, err
		}
	}
	return s.built[name], nil
}

// broadcastDue sends the transactions that the chain waits for and that this validator can make.
func (n *Node) broadcastDue(txs *ceremonyTxs) {
	if n.Height() == 0 { // Validators that are not ready to make the first block would discard the transaction.
		return
	}
	group := n.app.Group()
	var at ceremonyPosition
	if c := group.Ceremony; c != nil {
		at = ceremonyPosition{epoch: c.Session.Epoch, phase: c.Phase}
	}
	if txs.position != at || txs.built == nil {
		*txs = ceremonyTxs{position: at, built: map[string][]byte{}, lastSent: map[string]time.Time{}, attempts: map[string]int{}}
	}
	now := n.app.now()
	for name, encode := range n.dueTxs(group, now) {
		if now.Sub(txs.lastSent[name]) < rebroadcastAfter<<min(txs.attempts[name], maxDoublings) {
			continue
		}
		txs.lastSent[name], txs.attempts[name] = now, txs.attempts[name]+1
		tx, err := txs.build(name, encode)
		if err == nil {
			err = n.broadcast(tx)
		}
		if err != nil {
			n.logger.Warn("the validator's part in the key ceremony failed; it is retried", "part", name, "epoch", at.epoch, "phase", at.phase.String(), "error", err)
		}
	}
}

// dueTxs returns the transactions that the chain waits for and that this validator can make, by name.
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

// party returns this validator as a party to a ceremony: its key, and for a resharing its share.
func (n *Node) party() dkg.Party {
	party := dkg.Party{Key: n.home.beaconKey}
	if s := n.app.newestSharing(); s != nil {
		party.Share = s.share
	}
	return party
}
