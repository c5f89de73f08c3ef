package chain

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// newChunk begins a chunk: a byte for the format, then pairs of a key and a value, each prefixed with its length as a varint. CometBFT
// accepts no empty chunk.
func newChunk() []byte { return []byte{snapshotFormat} }

// appendPair appends a key and its value.
func appendPair(chunk, key, value []byte) []byte {
	for _, b := range [][]byte{key, value} {
		chunk = append(binary.AppendUvarint(chunk, uint64(len(b))), b...)
	}
	return chunk
}

// errMalformedChunk means that a chunk can't be decoded.
var errMalformedChunk = errors.New("snapshot: a chunk is malformed")

// eachPair decodes a chunk that a peer sent, and calls f with each pair.
func eachPair(chunk []byte, f func(key, value []byte) error) error {
	next := func() ([]byte, bool) {
		length, n := binary.Uvarint(chunk)
		if n <= 0 || length > uint64(len(chunk)-n) {
			return nil, false
		}
		b := chunk[n : n+int(length)]
		chunk = chunk[n+int(length):]
		return b, true
	}
	if len(chunk) == 0 || chunk[0] != snapshotFormat {
		return errMalformedChunk
	}
	chunk = chunk[1:]
	for len(chunk) > 0 {
		key, ok := next()
		if !ok {
			return errMalformedChunk
		}
		value, ok := next()
		if !ok {
			return errMalformedChunk
		}
		if err := f(key, value); err != nil {
			return err
		}
	}
	return nil
}

// errTooLarge means that a snapshot exceeds maxSnapshot.
var errTooLarge = fmt.Errorf("snapshot: it has more than %d bytes", maxSnapshot)

// errNotDue means that the group was not saved at a height, so that no snapshot of it can be made.
var errNotDue = errors.New("chain: no snapshot is due")

// snapshotPairs calls f with every pair of the state after a block, of the beacon after it, and of the light blocks that lead light
// clients to it.
func (s *store) snapshotPairs(height int64, f func(key, value []byte) error) error {
	group, err := s.db.Get(savedGroupKey(height))
	if err != nil {
		return err
	}
	if group == nil {
		return fmt.Errorf("%w: the group of block %d was not saved", errNotDue, height)
	}
	if err := f(groupKey, group); err != nil {
		return err
	}
	rounds := func(key, round []byte) error {
		value, err := s.db.Get(append([]byte("r"), round...))
		return errors.Join(err, f(key, round), f(append([]byte("r"), round...), value))
	}
	sets := make(map[string]bool)
	records := func(key, value []byte) error {
		r, err := decodeRecord(value)
		if err != nil {
			return err
		}
		if hash := r.header.ValidatorsHash; !sets[string(hash)] {
			sets[string(hash)] = true
			set, err := s.db.Get(validatorsKey(hash))
			if err := errors.Join(err, f(validatorsKey(hash), set)); err != nil {
				return err
			}
		}
		return f(key, value)
	}
	return errors.Join(
		s.scan([]byte("a"), groupHashKey(height+1), f),
		s.scan([]byte("h"), heightKey(height+1), rounds),
		s.scan([]byte("b"), beaconKey(height+2), f),
		s.scan([]byte("p"), recordKey(height+1), records),
		s.scan([]byte("l"), hopKey(height+2), f),
		s.firstSharingUpTo(height, f),
	)
}
