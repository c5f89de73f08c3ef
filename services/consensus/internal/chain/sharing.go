package chain

import (
	"fmt"
	"slices"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// sharing is who signs the beacons of the heights from one on.
type sharing struct {
	from    int64
	public  *threshold.Public
	indices map[protocol.Address]int
	share   *threshold.Share // This validator's; nil where it has none.
}

// index is the place of a validator's share. A height without a sharing has none.
func (s *sharing) index(address []byte) (index int, ok bool) {
	if s == nil || len(address) != len(protocol.Address{}) {
		return 0, false
	}
	index, ok = s.indices[protocol.Address(address)]
	return index, ok
}

// readSharing reads a sharing as it is on the chain.
func parseSharing(from int64, encoded []byte) (*sharing, error) {
	s, err := protocol.DecodeSharing(encoded)
	if err != nil {
		return nil, err
	}
	commitments := make([][]byte, len(s.Commitments))
	for i := range s.Commitments {
		commitments[i] = s.Commitments[i][:]
	}
	public, err := threshold.ParsePublic(commitments, len(s.Members))
	if err != nil {
		return nil, err
	}
	indices := make(map[protocol.Address]int, len(s.Members))
	for i, address := range s.Members {
		indices[address] = i
	}
	return &sharing{from: from, public: public, indices: indices}, nil
}

// hold reads a sharing with this validator's share of it. A validator without one can't sign beacons, and goes on with
// everything else: its precommits where a beacon is awaited count for nothing (docs/adr/0003).
func (a *app) loadSharing(s order.Sharing) (*sharing, error) {
	held, err := parseSharing(s.From, s.Encoded)
	if err != nil {
		return nil, fmt.Errorf("sharing from height %d: %w", s.From, err)
	}
	index, ok := held.indices[a.address]
	if !ok {
		return held, nil
	}
	share, err := s.Ceremony.Share(a.key, index)
	if err != nil {
		a.logger.Error("this validator has no share and signs no beacons until the secret is shared anew", "from_height", s.From, "error", err)
		return held, nil
	}
	held.share = &share
	return held, nil
}

// holdAll reads the sharings of a group, of which those that are known already stay as they are.
func (a *app) loadSharings(group *order.Group, known []*sharing) ([]*sharing, error) {
	all := make([]*sharing, len(group.Sharings))
	for i, s := range group.Sharings {
		if j := slices.IndexFunc(known, func(k *sharing) bool { return k.from == s.From }); j >= 0 {
			all[i] = known[j]
			continue
		}
		var err error
		if all[i], err = a.loadSharing(s); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// sharingAt is the sharing that signs the beacon of a height, if it is one of the newest two; nil else.
func (a *app) sharingAt(height int64) *sharing {
	a.mu.RLock()
	defer a.mu.RUnlock()
	for _, s := range slices.Backward(a.sharings) {
		if s.from <= height {
			return s
		}
	}
	return nil
}

// newestSharing is the latest that the chain has, in force or not; nil before the first.
func (a *app) newestSharing() *sharing {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if len(a.sharings) == 0 {
		return nil
	}
	return a.sharings[len(a.sharings)-1]
}
