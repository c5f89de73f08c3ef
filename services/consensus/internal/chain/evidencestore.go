package chain

import (
	"encoding/binary"
	"encoding/hex"
	"errors"

	"google.golang.org/protobuf/proto"

	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
)

// The validators' conduct has two more key spaces:
//
//	e height kind address         evidence, which is this validator's own and no part of the chain's state
//	x address kind height         the same keys in another order, without values

// evidencePerValidator is how much of one kind is kept of one validator; the oldest goes first. So nobody can push out
// what others did.
const evidencePerValidator = 64

// each calls f with everything under a prefix, in the order of the keys.
func (s *store) scanPrefix(prefix []byte, f func(key, value []byte) error) error {
	return s.scan(prefix, prefixEnd(prefix), f)
}

// between calls f with everything from a key to before another one. f must not keep what it gets.
func (s *store) scan(from, to []byte, f func(key, value []byte) error) error {
	it, err := s.db.Iterator(from, to)
	if err != nil {
		return err
	}
	for ; err == nil && it.Valid(); it.Next() {
		err = f(it.Key(), it.Value())
	}
	return errors.Join(err, it.Error(), it.Close())
}

// after is the first key behind all that begin with the prefix.
func prefixEnd(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// addEvidence keeps a piece of evidence. It reports false where there is one of the same kind, validator and height.
func (s *store) addEvidence(e *consensusv1.Evidence) (bool, error) {
	address, err := hex.DecodeString(e.GetAddress())
	if err != nil {
		return false, err
	}
	height, kind := binary.BigEndian.AppendUint64(nil, uint64(e.GetHeight())), byte(e.GetKind())
	key := append(append(append([]byte("e"), height...), kind), address...)
	index := append(append([]byte("x"), address...), kind)
	if known, err := s.db.Has(key); err != nil || known {
		return false, err
	}
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(e)
	if err != nil {
		return false, err
	}
	batch := s.db.NewBatch()
	defer func() { _ = batch.Close() }()
	var old [][]byte
	if err := s.scanPrefix(index, func(key, _ []byte) error { old = append(old, append([]byte(nil), key...)); return nil }); err != nil {
		return false, err
	}
	for i := 0; i+evidencePerValidator <= len(old); i++ {
		height := old[i][len(index):]
		if err := errors.Join(batch.Delete(old[i]), batch.Delete(append(append(append([]byte("e"), height...), kind), address...))); err != nil {
			return false, err
		}
	}
	return true, errors.Join(batch.Set(key, value), batch.Set(append(index, height...), []byte{1}), batch.Write())
}

// evidence returns up to limit pieces of evidence, the latest first, that are before a key. Each comes with its own.
func (s *store) evidence(before []byte, limit int) (all []Evidence, err error) {
	if len(before) == 0 {
		before = []byte("f")
	}
	it, err := s.db.ReverseIterator([]byte("e"), before)
	if err != nil {
		return nil, err
	}
	for ; err == nil && it.Valid() && len(all) < limit; it.Next() {
		e := &consensusv1.Evidence{}
		err = proto.Unmarshal(it.Value(), e)
		all = append(all, Evidence{Key: append([]byte(nil), it.Key()...), Evidence: e})
	}
	return all, errors.Join(err, it.Error(), it.Close())
}

// Evidence is a piece of evidence with its place in the list.
type Evidence struct {
	*consensusv1.Evidence
	// Key is greater for later evidence.
	Key []byte
}
