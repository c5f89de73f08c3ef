package order

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
)

// PublicKey is an Ed25519 key.
type PublicKey [ed25519.PublicKeySize]byte

// MarshalText implements encoding.TextMarshaler: hex.
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(k[:])), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *PublicKey) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(k) {
		return fmt.Errorf("an Ed25519 key has %d bytes in hex", len(k))
	}
	*k = PublicKey(b)
	return nil
}

// Address returns the address of the validator with the key.
func (k PublicKey) Address() protocol.Address {
	sum := sha256.Sum256(k[:])
	return protocol.Address(sum[:])
}

// NodeID identifies a validator to its peers: it is the hash of the key with which it authenticates its connections.
type NodeID [20]byte

// MarshalText implements encoding.TextMarshaler: hex.
func (id NodeID) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(id[:])), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *NodeID) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(id) {
		return fmt.Errorf("a node id has %d bytes in hex", len(id))
	}
	*id = NodeID(b)
	return nil
}

// Member is a validator.
type Member struct {
	// Name is for people.
	Name string `json:"name"`
	// PublicKey signs blocks.
	PublicKey PublicKey `json:"public_key"`
	// BeaconKey receives shares and signs the messages of ceremonies.
	BeaconKey dkg.PublicKey `json:"beacon_key"`
	// NodeID is the peer id with which it connects.
	NodeID NodeID `json:"node_id"`
	// Version is the newest protocol version that it has announced.
	Version uint32 `json:"version"`
}

// Address returns the validator's address.
func (m Member) Address() protocol.Address { return m.PublicKey.Address() }

// Sharing is a sharing of the beacon's secret, which is in force from a height on.
type Sharing struct {
	// From is the first height whose precommits it signs, and at which its members are the validators.
	From int64 `json:"from"`
	// Encoded is the protocol.Sharing as it is on the chain.
	Encoded []byte `json:"encoded"`
	// Members are the holders, in the order of their shares.
	Members []Member `json:"members"`
	// Ceremony made the sharing. Members decrypt their shares from its messages.
	Ceremony *dkg.Ceremony `json:"ceremony"`
}

// Group are the validators and the key that they share. It is immutable: modifications are made to a clone.
type Group struct {
	// Chain binds the signatures of validators and operator to this chain: it is the hash of the genesis state.
	Chain protocol.Hash `json:"chain"`
	// Operator may change who the validators are.
	Operator PublicKey `json:"operator"`
	// BasePhaseTime is the initial timeout of a phase of a ceremony.
	BasePhaseTime time.Duration `json:"base_phase_time"`
	// Members are the validators of the newest sharing, or of genesis if there is none yet.
	Members []Member `json:"members"`
	// Sharings are the newest two, oldest first. The last may begin at a later height.
	Sharings []Sharing `json:"sharings"`
	// Epoch is the number of the latest ceremony.
	Epoch uint64 `json:"epoch"`
	// Ceremony is the ceremony in progress; nil if there is none.
	Ceremony *Ceremony `json:"ceremony"`
	// Pending are the changes that the next ceremony will make, in their order.
	Pending []Change `json:"pending"`
	// Sequence is the number of the operator's latest change, and LastChange the hash of its transaction.
	Sequence   uint64        `json:"sequence"`
	LastChange protocol.Hash `json:"last_change"`
	// Version is the protocol version that the chain uses: the newest that all validators support.
	Version uint32 `json:"version"`
}

// NewGroup returns the group of a new chain. Its first ceremony has begun.
func NewGroup(chain protocol.Hash, operator PublicKey, phaseTime time.Duration, members []Member) *Group {
	g := &Group{Chain: chain, Operator: operator, BasePhaseTime: phaseTime, Members: members, Version: FirstVersion}
	g.beginCeremony(1)
	return g
}

// Faults returns how many of n validators may be Byzantine: the largest f with 3f + 1 <= n.
func Faults(n int) int { return (n - 1) / 3 }

// Quorum returns how many of n validators are needed to decide: more than two thirds.
func Quorum(n int) int { return n*2/3 + 1 }

// SharingAt returns the sharing that signs the beacon of a height. ok is false if there is none yet.
func (g *Group) SharingAt(height int64) (s Sharing, ok bool) {
	for _, sharing := range slices.Backward(g.Sharings) {
		if sharing.From <= height {
			return sharing, true
		}
	}
	return Sharing{}, false
}

// MembersAt returns the validators that vote on the block of a height, which must not be beyond the next block.
func (g *Group) MembersAt(height int64) []Member {
	if s, ok := g.SharingAt(height); ok {
		return s.Members
	}
	if len(g.Sharings) > 0 { // The first sharing, whose members are the validators of genesis.
		return g.Sharings[0].Members
	}
	return g.Members
}

// HasNode reports whether a node is one of the validators that vote at a height, or that will after the next sharing, the ceremony in
// progress or the pending changes.
func (g *Group) HasNode(node NodeID, height int64) bool {
	has := func(members []Member) bool {
		return slices.ContainsFunc(members, func(m Member) bool { return m.NodeID == node })
	}
	return has(g.MembersAt(height)) || has(g.Members) || has(g.ceremonyMembers()) || has(g.finalMembers())
}

// IndexOf returns the index of a validator among members; -1 if it is not one of them.
func IndexOf(members []Member, address protocol.Address) int {
	return slices.IndexFunc(members, func(m Member) bool { return m.Address() == address })
}

func (g *Group) isMember(address protocol.Address) bool { return IndexOf(g.Members, address) >= 0 }

func (g *Group) clone() *Group {
	out := *g
	out.Members = slices.Clone(g.Members)
	out.Sharings = slices.Clone(g.Sharings)
	out.Pending = slices.Clone(g.Pending)
	if g.Ceremony != nil {
		ceremony := *g.Ceremony
		ceremony.Ceremony, ceremony.Holders = ceremony.Clone(), slices.Clone(ceremony.Holders)
		out.Ceremony = &ceremony
	}
	return &out
}
