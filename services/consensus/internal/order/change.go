package order

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
)

// Change adds a validator or removes one. If neither is set, the same validators reshare the secret: old shares become useless to anyone
// who learned them, and a validator without a valid share gets one.
type Change struct {
	// Add is the validator to add.
	Add *Member `json:"add,omitempty"`
	// Remove is the validator to remove.
	Remove *protocol.Address `json:"remove,omitempty"`
}

const (
	// maxPending bounds the changes that wait for a ceremony.
	maxPending = 16
	// MaxName bounds a validator's name in bytes.
	MaxName = 64
)

const (
	addKind     = 1
	removeKind  = 2
	refreshKind = 3
)

// SignBytes returns the bytes that the operator signs to have a change ordered as the chain's next one.
func (c Change) SignBytes(chain protocol.Hash, sequence uint64) []byte {
	b := append([]byte(changeTag), chain[:]...)
	b = binary.BigEndian.AppendUint64(b, sequence)
	switch {
	case c.Remove != nil:
		return append(append(b, removeKind), c.Remove[:]...)
	case c.Add == nil:
		return append(b, refreshKind)
	}
	b = append(b, addKind, byte(len(c.Add.Name)))
	b = append(b, c.Add.Name...)
	b = append(b, c.Add.PublicKey[:]...)
	b = append(b, c.Add.BeaconKey[:]...)
	return append(b, c.Add.NodeID[:]...)
}

const (
	changeHeader = tagSize + 32 + 8 + 1
	memberSize   = len(PublicKey{}) + len(dkg.PublicKey{}) + len(NodeID{})
)

// decodeMember decodes memberSize bytes.
func decodeMember(b []byte) (m Member) {
	for _, key := range [][]byte{m.PublicKey[:], m.BeaconKey[:], m.NodeID[:]} {
		b = b[copy(key, b):]
	}
	return m
}

// decodeChange decodes a change transaction. It accepts nothing but what Tx returns.
func decodeChange(tx []byte) (c Change, chain protocol.Hash, sequence uint64, err error) {
	malformed := fmt.Errorf("%w: not a change of validators", protocol.ErrMalformed)
	if len(tx) < changeHeader+ed25519.SignatureSize {
		return Change{}, chain, 0, malformed
	}
	chain, sequence = protocol.Hash(tx[tagSize:]), binary.BigEndian.Uint64(tx[tagSize+len(chain):])
	kind, body := tx[changeHeader-1], tx[changeHeader:len(tx)-ed25519.SignatureSize]
	switch {
	case kind == refreshKind && len(body) == 0:
		return Change{}, chain, sequence, nil
	case kind == removeKind && len(body) == len(protocol.Address{}):
		address := protocol.Address(body)
		return Change{Remove: &address}, chain, sequence, nil
	case kind == addKind && len(body) > 0 && len(body) == 1+int(body[0])+memberSize:
		name, keys := body[1:len(body)-memberSize], body[len(body)-memberSize:]
		m := decodeMember(keys)
		m.Name = string(name)
		return Change{Add: &m}, chain, sequence, nil
	}
	return Change{}, chain, 0, malformed
}

// ErrUnsigned means that a change is not signed by the chain's operator.
var ErrUnsigned = errors.New("order: not signed by this chain's operator")

// ErrOutOfSequence means that a change is signed for another sequence number, or that it must wait for the key ceremony.
var ErrOutOfSequence = fmt.Errorf("%w: the change does not have the next sequence number, or must wait for the key ceremony", dkg.ErrUnexpected)

// Tx returns the transaction of a signed change.
func (c Change) Tx(chain protocol.Hash, sequence uint64, signature []byte) []byte {
	return append(c.SignBytes(chain, sequence), signature...)
}

// CheckChangeTx fails if a change transaction would not be ordered now.
func (g *Group) CheckChangeTx(tx []byte) error { return g.clone().orderChange(tx, 0) }

// orderChange orders a change by the operator.
func (g *Group) orderChange(tx []byte, height int64) error {
	c, chain, sequence, err := decodeChange(tx)
	if err != nil {
		return err
	}
	if len(g.Sharings) == 0 || sequence != g.Sequence+1 || len(g.Pending) >= maxPending {
		return ErrOutOfSequence
	}
	unsigned, signature := tx[:len(tx)-ed25519.SignatureSize], tx[len(tx)-ed25519.SignatureSize:]
	if chain != g.Chain || !ed25519.Verify(g.Operator[:], unsigned, signature) {
		return ErrUnsigned
	}
	if err := g.CheckChange(c); err != nil {
		return err
	}
	g.Sequence, g.LastChange = sequence, sha256.Sum256(tx)
	g.enqueue(c, height)
	return nil
}

// enqueue adds a change to those of the next ceremony, which begins at once if none is in progress.
func (g *Group) enqueue(c Change, height int64) {
	if c.Add != nil {
		c.Add.Version = g.Version
	}
	if g.Pending = append(g.Pending, c); g.Ceremony == nil {
		g.beginCeremony(height)
	}
}

// expel removes a validator that has provably equivocated. It reports whether it changed the group.
func (g *Group) expel(address protocol.Address, height int64) bool {
	c := Change{Remove: &address}
	if g.CheckChange(c) != nil {
		return false
	}
	g.enqueue(c, height)
	return true
}

// ceremonyMembers returns the validators after the ceremony in progress, if any.
func (g *Group) ceremonyMembers() []Member {
	if g.Ceremony != nil {
		return g.Ceremony.Holders
	}
	return g.Members
}

// finalMembers returns the validators after all changes that are ordered.
func (g *Group) finalMembers() []Member {
	members := slices.Clone(g.ceremonyMembers())
	for _, c := range g.Pending {
		members = c.apply(members)
	}
	return members
}

func (c Change) apply(members []Member) []Member {
	switch {
	case c.Add != nil:
		return append(members, *c.Add)
	case c.Remove == nil:
		return members
	}
	return slices.DeleteFunc(members, func(m Member) bool { return m.Address() == *c.Remove })
}

// CheckChange fails unless a change is valid after those that are ordered.
func (g *Group) CheckChange(c Change) error {
	members := g.finalMembers()
	if c.Remove != nil {
		switch {
		case IndexOf(members, *c.Remove) < 0:
			return fmt.Errorf("order: %x is not a validator", *c.Remove)
		case len(members) == 1:
			return errors.New("order: the last validator can't be removed")
		}
		return nil
	}
	if c.Add == nil {
		return nil
	}
	if len(c.Add.Name) < 1 || len(c.Add.Name) > MaxName || !printable(c.Add.Name) {
		return fmt.Errorf("order: a validator's name has 1 to %d printable ASCII characters", MaxName)
	}
	if c.Add.NodeID == (NodeID{}) {
		return errors.New("order: the node id is missing")
	}
	if len(members) >= protocol.MaxMembers {
		return fmt.Errorf("order: there may be at most %d validators", protocol.MaxMembers)
	}
	for _, m := range members {
		if m.Name == c.Add.Name || m.PublicKey == c.Add.PublicKey || m.BeaconKey == c.Add.BeaconKey || m.NodeID == c.Add.NodeID {
			return fmt.Errorf("order: %s already has this name, this node id or one of these keys", m.Name)
		}
	}
	_, err := dkg.ParsePublicKey(c.Add.BeaconKey[:])
	return err
}

func printable(name string) bool {
	for _, c := range []byte(name) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// PendingChanges returns the changes that are ordered but not in force at a height, in readable form.
func (g *Group) PendingChanges(height int64) (changes []string) {
	now, final := g.MembersAt(height), g.finalMembers()
	for _, m := range now {
		if IndexOf(final, m.Address()) < 0 {
			changes = append(changes, "remove "+m.Name)
		}
	}
	for _, m := range final {
		if IndexOf(now, m.Address()) < 0 {
			changes = append(changes, "add "+m.Name)
		}
	}
	return changes
}
