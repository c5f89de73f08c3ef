package chain

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	dbm "github.com/cometbft/cometbft-db"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// store keeps the application's state in these key spaces:
//
//	t                       height and app hash after the last block
//	o                       the group (the validators and their key) as JSON
//	a height                the hash of the group after a block that changed it
//	q height                the group after a block that a snapshot will be made of
//	k height                the sharing that signs the beacons from a height on
//	r game round            height and commitment of a decided round
//	h height index          game and round of the index-th commitment of a block
//	b height                the beacon: the group's signature over the height
//
// Writes are atomic but not synced: what a power failure loses, CometBFT replays from its own synced block store, and
// beacons are recovered again from the votes that are stored there.
type store struct{ db dbm.DB }

var (
	tipKey   = []byte("t")
	groupKey = []byte("o")
)

func sharingKey(from int64) []byte {
	return binary.BigEndian.AppendUint64([]byte("k"), uint64(from))
}

func groupHashKey(height int64) []byte {
	return binary.BigEndian.AppendUint64([]byte("a"), uint64(height))
}

func savedGroupKey(height int64) []byte {
	return binary.BigEndian.AppendUint64([]byte("q"), uint64(height))
}

func roundKey(round order.Round) []byte {
	return binary.BigEndian.AppendUint64(append([]byte("r"), round.Game[:]...), round.Number)
}

func heightKey(height int64) []byte {
	return binary.BigEndian.AppendUint64([]byte("h"), uint64(height))
}

func beaconKey(height int64) []byte {
	return binary.BigEndian.AppendUint64([]byte("b"), uint64(height))
}

// tip returns the tip after the last block; the zero tip for a new chain.
func (s *store) tip() (tip, error) {
	value, err := s.db.Get(tipKey)
	if err != nil || value == nil {
		return tip{}, err
	}
	if len(value) != 40 {
		return tip{}, fmt.Errorf("chain state: the tip has %d bytes", len(value))
	}
	return tip{Height: int64(binary.BigEndian.Uint64(value)), AppHash: protocol.Hash(value[8:])}, nil
}

// commit writes the results of a block.
func (s *store) commit(t tip, result order.Result) error {
	batch := s.db.NewBatch()
	defer func() { _ = batch.Close() }()
	if result.Encoded != nil {
		hash := order.HashGroup(result.Encoded)
		if err := errors.Join(batch.Set(groupKey, result.Encoded), batch.Set(groupHashKey(t.Height), hash[:]), setSharings(batch, result.Group)); err != nil {
			return err
		}
	}
	for i, o := range result.Ordered {
		round := roundKey(order.RoundOf(o.Commitment))
		value := append(binary.BigEndian.AppendUint64(nil, uint64(o.Height)), o.Commitment.Encode()...)
		if err := errors.Join(
			batch.Set(round, value),
			batch.Set(binary.BigEndian.AppendUint32(heightKey(o.Height), uint32(i)), round[1:]),
		); err != nil {
			return err
		}
	}
	value := append(binary.BigEndian.AppendUint64(nil, uint64(t.Height)), t.AppHash[:]...)
	return errors.Join(batch.Set(tipKey, value), batch.Write())
}

// setSharings writes a group's sharings, which are few and are kept forever: old beacons are recovered with them.
func setSharings(batch dbm.Batch, group *order.Group) (err error) {
	for _, sharing := range group.Sharings {
		err = errors.Join(err, batch.Set(sharingKey(sharing.From), sharing.Encoded))
	}
	return err
}

// group returns the validators and their key after the last block; nil for a new chain.
func (s *store) group() (*order.Group, error) {
	text, err := s.db.Get(groupKey)
	if err != nil || text == nil {
		return nil, err
	}
	return decodeGroup(text)
}

func decodeGroup(text []byte) (*order.Group, error) {
	group := new(order.Group)
	if err := json.Unmarshal(text, group); err != nil {
		return nil, fmt.Errorf("chain state: the group: %w", err)
	}
	return group, nil
}

// groupHashes returns the hashes of the groups after the blocks that changed it, each as the AppHash of a tip.
func (s *store) groupHashes() (all []tip, err error) {
	err = s.scanPrefix([]byte("a"), func(key, value []byte) error {
		all = append(all, tip{Height: int64(binary.BigEndian.Uint64(key[1:])), AppHash: protocol.Hash(value)})
		return nil
	})
	return all, err
}

// sharingAt returns the sharing that signs the beacon of a height.
func (s *store) sharingAt(height int64) (*sharing, error) {
	it, err := s.db.ReverseIterator(sharingKey(0), sharingKey(height+1))
	if err != nil {
		return nil, err
	}
	defer func() { _ = it.Close() }()
	if !it.Valid() {
		return nil, fmt.Errorf("no sharing signs height %d", height)
	}
	return parseSharing(int64(binary.BigEndian.Uint64(it.Key()[1:])), it.Value())
}

// Ordered implements order.Reader.
func (s *store) Ordered(round order.Round) (order.Ordered, bool, error) {
	value, err := s.db.Get(roundKey(round))
	if err != nil || value == nil {
		return order.Ordered{}, false, err
	}
	commitment, err := protocol.DecodeCommitment(value[8:])
	return order.Ordered{Commitment: commitment, Height: int64(binary.BigEndian.Uint64(value))}, true, err
}

// HasGame implements order.Reader.
func (s *store) HasGame(game protocol.ID) (bool, error) {
	prefix := append([]byte("r"), game[:]...)
	it, err := s.db.Iterator(prefix, prefixEnd(prefix))
	if err != nil {
		return false, err
	}
	known := it.Valid()
	return known, errors.Join(it.Error(), it.Close())
}

// orderedAt returns the commitments that a block ordered, in their order.
func (s *store) orderedAt(height int64) ([]order.Ordered, error) {
	it, err := s.db.Iterator(heightKey(height), heightKey(height+1))
	if err != nil {
		return nil, err
	}
	var rounds []order.Round
	for ; it.Valid(); it.Next() {
		value := it.Value()
		rounds = append(rounds, order.Round{Game: protocol.ID(value), Number: binary.BigEndian.Uint64(value[16:])})
	}
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		return nil, err
	}
	all := make([]order.Ordered, 0, len(rounds))
	for _, round := range rounds {
		o, _, err := s.Ordered(round)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// awaited reports whether a round takes its dice from the beacon of the height.
func (s *store) awaited(height int64) (bool, error) {
	it, err := s.db.Iterator(heightKey(height-1), heightKey(height))
	if err != nil {
		return false, err
	}
	awaited := it.Valid()
	return awaited, errors.Join(it.Error(), it.Close())
}

// nextOrdered returns the first height, from the given one on, at which something was ordered; ok is false if there is none.
func (s *store) nextOrdered(from int64) (height int64, ok bool, err error) {
	it, err := s.db.Iterator(heightKey(from), []byte("i"))
	if err != nil {
		return 0, false, err
	}
	if it.Valid() {
		height, ok = int64(binary.BigEndian.Uint64(slices.Clone(it.Key())[1:])), true
	}
	return height, ok, errors.Join(it.Error(), it.Close())
}

// beacon returns the signature of a height; nil if there is none.
func (s *store) beacon(height int64) ([]byte, error) {
	return s.db.Get(beaconKey(height))
}

// setBeacon stores a beacon with the record that proves the rounds whose dice it throws, so that their block is no longer needed.
func (s *store) setBeacon(height int64, signature []byte, proof *blockRecord) error {
	if len(signature) != beacon.SignatureSize {
		return fmt.Errorf("chain state: a beacon of %d bytes", len(signature))
	}
	batch := s.db.NewBatch()
	defer func() { _ = batch.Close() }()
	return errors.Join(setRecord(batch, proof), batch.Set(beaconKey(height), signature), batch.Write())
}

// lastBeacon returns the latest height with a beacon; 0 if there is none.
func (s *store) lastBeacon() (int64, error) {
	it, err := s.db.ReverseIterator([]byte("b"), []byte("c"))
	if err != nil {
		return 0, err
	}
	height := int64(0)
	if it.Valid() {
		height = int64(binary.BigEndian.Uint64(it.Key()[1:]))
	}
	return height, errors.Join(it.Error(), it.Close())
}
