package order

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
)

// FirstVersion is the protocol version with which every chain begins.
const FirstVersion = 1

// Version is the newest protocol version that this release supports. A release that executes transactions differently has a new one, and
// uses it only once Group.Version has reached it: so all validators switch at the same block.
const Version = FirstVersion

const (
	announcementSize = tagSize + 32 + 20 + 4
	signatureSize    = 128
)

// Announcement returns the transaction by which a validator announces which protocol version it supports.
func Announcement(chain protocol.Hash, member protocol.Address, version uint32, key dkg.SecretKey) ([]byte, error) {
	b := append([]byte(versionTag), chain[:]...)
	b = append(b, member[:]...)
	b = binary.BigEndian.AppendUint32(b, version)
	sum := sha256.Sum256(b)
	signature, err := key.Sign(sum[:])
	return append(b, signature...), err
}

// announce records which version a validator supports, which never decreases. Each validator may announce once in a block: otherwise one
// could sign as many versions as fit into a block, and make everyone verify signatures for seconds.
func (g *Group) announce(tx []byte, announced map[protocol.Address]bool) error {
	if len(tx) != announcementSize+signatureSize {
		return fmt.Errorf("%w: not an announcement of a version", protocol.ErrMalformed)
	}
	address := protocol.Address(tx[tagSize+32:])
	version := binary.BigEndian.Uint32(tx[tagSize+32+len(address):])
	i := IndexOf(g.Members, address)
	if i < 0 || version <= g.Members[i].Version || announced[address] {
		return dkg.ErrUnexpected
	}
	if protocol.Hash(tx[tagSize:]) != g.Chain {
		return errors.New("order: an announcement of another chain")
	}
	sum := sha256.Sum256(tx[:announcementSize])
	if err := g.Members[i].BeaconKey.Verify(sum[:], tx[announcementSize:]); err != nil {
		return err
	}
	g.Members[i].Version, announced[address] = version, true
	if g.Ceremony != nil {
		if j := IndexOf(g.Ceremony.Holders, address); j >= 0 {
			g.Ceremony.Holders[j].Version = version
		}
	}
	g.updateVersion()
	return nil
}

// updateVersion raises the version to the lowest that the validators have announced.
func (g *Group) updateVersion() {
	least := g.Members[0].Version
	for _, m := range g.Members[1:] {
		least = min(least, m.Version)
	}
	g.Version = max(g.Version, least)
}
