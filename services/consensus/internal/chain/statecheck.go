package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// stateCheck verifies a restored state, which came from untrusted peers. The application hash is a hash chain over everything that was
// ordered and over the hash of the group wherever it changed, so replaying the chain from genesis authenticates the rounds, and the group
// by the last of these hashes. Beacons verify under the group's key. Records for proofs and light blocks are signed by the validators.
// The state must contain nothing else.
type stateCheck struct {
	store  *store
	height int64
	origin *origin

	group        *order.Group
	groupHash    protocol.Hash
	lightClients []receipt.LightClient

	rounds  int // How many rounds the blocks list.
	ordered int // How many blocks ordered a round.
}

// run verifies the state and returns its application hash.
func (c *stateCheck) run() (protocol.Hash, error) {
	hash, err := c.replay()
	if err != nil {
		return hash, err
	}
	for _, check := range []func() error{c.checkNothingElse, c.checkGroup, c.checkBeacons, c.checkHops, c.checkRecords, c.checkSharing} {
		if err := check(); err != nil {
			return hash, err
		}
	}
	return hash, nil
}

// replay computes the hash chain from genesis.
func (c *stateCheck) replay() (protocol.Hash, error) {
	hash := c.origin.appHash
	genesis, err := json.Marshal(c.origin.group)
	if err != nil {
		return hash, err
	}
	c.groupHash = order.HashGroup(genesis) // Until a block changes it.
	groups, err := c.store.groupHashes()
	if err != nil {
		return hash, err
	}
	for next := int64(1); ; {
		height, ok, err := c.store.nextOrdered(next)
		if err != nil {
			return hash, err
		}
		if len(groups) > 0 && (!ok || groups[0].Height < height) { // A block that ordered nothing.
			height, ok = groups[0].Height, true
		}
		if !ok {
			return hash, nil
		}
		if height < next || height > c.height {
			return hash, fmt.Errorf("snapshot: block %d is out of place", height)
		}
		ordered, err := c.store.orderedAt(height)
		if err != nil {
			return hash, err
		}
		if err := c.checkOrdered(height, ordered); err != nil {
			return hash, err
		}
		var group protocol.Hash
		if len(groups) > 0 && groups[0].Height == height {
			group, groups = groups[0].AppHash, groups[1:]
			c.groupHash = group
		}
		hash, next = order.Hash(hash, height, ordered, group), height+1
	}
}

func (c *stateCheck) checkOrdered(height int64, ordered []order.Ordered) error {
	for i, o := range ordered {
		key := binary.BigEndian.AppendUint32(heightKey(height), uint32(i))
		round, err := c.store.db.Get(key)
		if err != nil {
			return err
		}
		if o.Height != height || !bytes.Equal(round, roundKey(order.RoundOf(o.Commitment))[1:]) {
			return fmt.Errorf("snapshot: round %d of block %d is stored under another block", i, height)
		}
	}
	if c.rounds += len(ordered); len(ordered) > 0 {
		c.ordered++
	}
	return nil
}

// pairSizes are the lengths of keys and of their values by key space; a value length of 0 means variable.
var pairSizes = map[byte]struct{ key, value int }{
	'o': {1, 0}, 'a': {1 + 8, sha256.Size}, 'l': {1 + 8, 0}, 'g': {1, 0},
	'r': {1 + 16 + 8, 8 + protocol.CommitmentSize}, 'h': {1 + 8 + 4, 16 + 8}, 'b': {1 + 8, beacon.SignatureSize}, 'p': {1 + 8, 0}, 'v': {1 + 32, 0},
}

// checkPair checks the form of a pair that a peer sent, on which the readers of the store rely.
func checkPair(key, value []byte) error {
	if len(key) == 0 {
		return errMalformedChunk
	}
	size, ok := pairSizes[key[0]]
	if !ok || len(key) != size.key || len(value) == 0 || size.value > 0 && len(value) != size.value {
		return fmt.Errorf("snapshot: %d bytes under the key %x", len(value), key)
	}
	// The hash chain reads a zero hash as no change of the group, so it would not bind the pair.
	if key[0] == 'a' && protocol.Hash(value) == (protocol.Hash{}) {
		return fmt.Errorf("snapshot: a zero hash of a group under the key %x", key)
	}
	return nil
}

// checkNothingElse counts the keys: replay has seen every round that a block lists, so any further round belongs to no block.
func (c *stateCheck) checkNothingElse() error {
	counts := make(map[byte]int)
	if err := c.store.scan(nil, nil, func(key, _ []byte) error { counts[key[0]]++; return nil }); err != nil {
		return err
	}
	if counts['r'] != c.rounds || counts['h'] != c.rounds || counts['b'] != c.ordered {
		return fmt.Errorf("snapshot: %d rounds in %d places, with %d beacons for %d blocks", counts['r'], counts['h'], counts['b'], c.ordered)
	}
	return nil
}

// checkGroup decodes the group, whose encoding the hash chain authenticates byte for byte.
func (c *stateCheck) checkGroup() error {
	text, err := c.store.db.Get(groupKey)
	if err != nil {
		return err
	}
	if order.HashGroup(text) != c.groupHash {
		return errors.New("snapshot: the group is not that of the chain")
	}
	c.group, err = decodeGroup(text)
	return err
}

// groupKey returns the group's beacon key; ok is false if there is none yet.
func (c *stateCheck) groupKey() (key protocol.Point, ok bool, err error) {
	if len(c.group.Sharings) == 0 {
		return key, false, nil
	}
	sharing, err := protocol.DecodeSharing(c.group.Sharings[0].Encoded)
	if err != nil {
		return key, false, err
	}
	return sharing.GroupKey(), true, nil
}

// checkBeacons verifies every beacon, which costs one pairing each.
func (c *stateCheck) checkBeacons() error {
	point, ok, err := c.groupKey()
	if err != nil {
		return err
	}
	if !ok && c.ordered > 0 {
		return errors.New("snapshot: rounds without a key")
	}
	if !ok {
		return nil
	}
	key, err := beacon.ParseKey(point[:])
	if err != nil {
		return err
	}
	return c.store.scanPrefix([]byte("b"), func(k, signature []byte) error {
		height := int64(binary.BigEndian.Uint64(k[1:]))
		awaited, err := c.store.awaited(height)
		if err != nil {
			return err
		}
		if !awaited {
			return fmt.Errorf("snapshot: no round awaited the beacon of height %d", height)
		}
		return key.Verify(height, signature)
	})
}
