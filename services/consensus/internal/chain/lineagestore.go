package chain

import (
	"encoding/binary"
	"errors"

	"google.golang.org/protobuf/proto"

	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// Lineages, which lead a light client from genesis to a receipt, have two more key spaces in the store, with Protobuf values:
//
//	l height                the light block of a block at which the validators changed
//	g                       the first sharing, with the block that ordered it

var firstSharingKey = []byte("g")

func hopKey(height int64) []byte {
	return binary.BigEndian.AppendUint64([]byte("l"), uint64(height))
}

func (s *store) setHop(hop *receiptv1.LightBlock) error {
	value, err := proto.Marshal(hop)
	if err != nil {
		return err
	}
	return s.db.Set(hopKey(hop.GetHeader().GetHeight()), value)
}

// hops returns the stored light blocks from one height up to but excluding another, in ascending order.
func (s *store) hops(from, below int64) ([]*receiptv1.LightBlock, error) {
	it, err := s.db.Iterator(hopKey(from), hopKey(below))
	if err != nil {
		return nil, err
	}
	var all []*receiptv1.LightBlock
	for ; it.Valid() && err == nil; it.Next() {
		hop := &receiptv1.LightBlock{}
		err = proto.Unmarshal(it.Value(), hop)
		all = append(all, hop)
	}
	return all, errors.Join(err, it.Error(), it.Close())
}

func (s *store) setFirstSharing(sharing *receiptv1.SharingProof) error {
	value, err := proto.Marshal(sharing)
	if err != nil {
		return err
	}
	return s.db.Set(firstSharingKey, value)
}

// firstSharing returns the first sharing of the chain; nil if there is none.
func (s *store) firstSharing() (*receiptv1.SharingProof, error) {
	value, err := s.db.Get(firstSharingKey)
	if err != nil || value == nil {
		return nil, err
	}
	sharing := &receiptv1.SharingProof{}
	return sharing, proto.Unmarshal(value, sharing)
}

// firstSharingUpTo calls f with the first sharing if it was ordered by a block up to a height.
func (s *store) firstSharingUpTo(height int64, f func(key, value []byte) error) error {
	value, err := s.db.Get(firstSharingKey)
	if err != nil || value == nil {
		return err
	}
	sharing, err := s.firstSharing()
	if err != nil || sharing.GetBlock().GetHeader().GetHeight() > height {
		return err
	}
	return f(firstSharingKey, value)
}
