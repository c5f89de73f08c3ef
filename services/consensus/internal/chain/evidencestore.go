package chain

import (
	"encoding/binary"
	"encoding/hex"
	"errors"

	"google.golang.org/protobuf/proto"

	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
)

// Evidence has two more key spaces in the store:
//
//	e height kind address         a piece of evidence, which is local to this validator and no part of the chain's state
//	x address kind height         an index of these, by validator and kind

// evidencePerValidator is how many pieces of one kind are kept about one validator; the oldest is evicted first. So a validator can't
// evict the evidence about others.
const evidencePerValidator = 64

// scanPrefix calls f with every pair whose key has a prefix, in key order.
func (s *store) scanPrefix(prefix []byte, f func(key, value []byte) error) error {
	return s.scan(prefix, prefixEnd(prefix), f)
}

// scan calls f with every pair from one key up to but excluding another. f must not retain its arguments.
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

// prefixEnd returns the smallest key that is greater than all keys with the prefix; nil if there is none.
func prefixEnd(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// addEvidence stores a piece of evidence. It reports false if there already is one of the same kind, validator and height.
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

// evidence returns up to limit pieces of evidence with keys below one, the latest first, each with its key.
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

// Evidence is a piece of evidence with its key, which is its position in the list.
type Evidence struct {
	*consensusv1.Evidence
	// Key is greater for later evidence.
	Key []byte
}
