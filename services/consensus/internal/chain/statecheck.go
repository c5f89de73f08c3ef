package chain

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/cometbft/cometbft/crypto/merkle"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// stateCheck checks a state that a stranger sent. The application hash is a hash chain over everything that was ordered, so
// replaying the chain from genesis binds the rounds and the convictions; beacons verify under the group key, and what
// proves old rounds is signed by the validators. Nothing else may be there.
type stateCheck struct {
	store       *store
	height      int64
	genesis     *types.GenesisDoc
	genesisHash protocol.Hash
	key         beacon.Key

	rounds  int   // How many there are.
	ordered int   // How many blocks ordered any.
	last    int64 // The last of these.
}

// run returns the application hash that the state is of.
func (c *stateCheck) run() (protocol.Hash, error) {
	hash, err := c.replay()
	if err != nil {
		return hash, err
	}
	for _, check := range []func() error{c.checkNothingElse, c.checkBeacons, c.checkRecords} {
		if err := check(); err != nil {
			return hash, err
		}
	}
	return hash, nil
}

// replay executes the hash chain.
func (c *stateCheck) replay() (protocol.Hash, error) {
	hash := c.genesisHash
	convictions, err := c.store.convictions()
	if err != nil {
		return hash, err
	}
	changes := order.History(convictions)
	changed := slices.Sorted(maps.Keys(changes))
	if n := len(changed); n > 0 && (changed[0] < 1 || changed[n-1] > c.height) {
		return hash, fmt.Errorf("snapshot: convictions of blocks %d to %d", changed[0], changed[n-1])
	}
	for next := int64(1); ; {
		height, ok, err := c.store.nextOrdered(next)
		if err != nil {
			return hash, err
		}
		for len(changed) > 0 && (!ok || changed[0] < height) { // Blocks that ordered nothing.
			hash, changed = order.HashConvictions(hash, changes[changed[0]]), changed[1:]
		}
		if !ok {
			return hash, nil
		}
		if height < next || height > c.height {
			return hash, fmt.Errorf("snapshot: block %d is behind its height", height)
		}
		ordered, err := c.store.orderedAt(height)
		if err != nil {
			return hash, err
		}
		if err := c.checkOrdered(height, ordered); err != nil {
			return hash, err
		}
		hash = order.HashOrdered(hash, height, ordered)
		if len(changed) > 0 && changed[0] == height {
			hash, changed = order.HashConvictions(hash, changes[height]), changed[1:]
		}
		next = height + 1
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
			return fmt.Errorf("snapshot: round %d of block %d stands elsewhere", i, height)
		}
	}
	c.rounds, c.ordered, c.last = c.rounds+len(ordered), c.ordered+1, height
	return nil
}

// pairSizes are the lengths of keys and of their values, where these have one.
var pairSizes = map[byte]struct{ key, value int }{
	'c': {1 + 20, 3 * 8}, 'r': {1 + 16 + 8, 8 + protocol.CommitmentSize}, 'h': {1 + 8 + 4, 16 + 8}, 'b': {1 + 8, beacon.SignatureSize}, 'p': {1 + 8, 0}, 'v': {1 + 32, 0},
}

// checkPair checks the form of what a stranger sent, on which reading the store relies.
func checkPair(key, value []byte) error {
	if len(key) == 0 {
		return errChunk
	}
	size, ok := pairSizes[key[0]]
	if !ok || len(key) != size.key || len(value) == 0 || size.value > 0 && len(value) != size.value {
		return fmt.Errorf("snapshot: %d bytes under the key %x", len(value), key)
	}
	return nil
}

// checkNothingElse counts the keys: replay has seen every round that a block names, so more rounds are strangers.
func (c *stateCheck) checkNothingElse() error {
	counts := make(map[byte]int)
	if err := c.store.between(nil, nil, func(key, _ []byte) error { counts[key[0]]++; return nil }); err != nil {
		return err
	}
	if counts['r'] != c.rounds || counts['h'] != c.rounds || counts['b'] != c.ordered {
		return fmt.Errorf("snapshot: %d rounds in %d places, with %d beacons for %d blocks", counts['r'], counts['h'], counts['b'], c.ordered)
	}
	return nil
}

// checkBeacons verifies every beacon. It costs a pairing each.
func (c *stateCheck) checkBeacons() error {
	return c.store.each([]byte("b"), func(key, signature []byte) error {
		height := int64(binary.BigEndian.Uint64(key[1:]))
		awaited, err := c.store.awaited(height)
		if err != nil {
			return err
		}
		if !awaited {
			return fmt.Errorf("snapshot: nobody awaited the beacon of height %d", height)
		}
		return c.key.Verify(height, signature)
	})
}

// checkRecords follows the validators from genesis through the blocks that are kept for proofs.
func (c *stateCheck) checkRecords() error {
	if err := c.store.each([]byte("v"), func(key, value []byte) error {
		set, err := decodeValidators(value)
		if err == nil && !bytes.Equal(set.Hash(), key[1:]) {
			err = fmt.Errorf("snapshot: validators under the hash of others")
		}
		return err
	}); err != nil {
		return err
	}
	follow := trustGenesis(c.genesis)
	return c.store.each([]byte("p"), func(key, _ []byte) error {
		height := int64(binary.BigEndian.Uint64(key[1:]))
		r, err := c.store.record(height)
		if err != nil {
			return err
		}
		if r == nil || r.header.Height != height || !bytes.Equal(merkle.HashFromByteSlices(r.txs), r.header.DataHash) {
			return fmt.Errorf("snapshot: the record of block %d is another's", height)
		}
		return follow.follow(&r.header, r.commit, r.validators)
	})
}
