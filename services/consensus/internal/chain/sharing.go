package chain

import (
	"fmt"
	"slices"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// sharing is the sharing of the beacon's secret that signs beacons from a height on.
type sharing struct {
	from    int64
	public  *threshold.Public
	indices map[protocol.Address]int
	share   *threshold.Share // This validator's; nil if it has none.
}

// index returns the index of a validator's share. A nil sharing has none.
func (s *sharing) index(address []byte) (index int, ok bool) {
	if s == nil || len(address) != len(protocol.Address{}) {
		return 0, false
	}
	index, ok = s.indices[protocol.Address(address)]
	return index, ok
}

// parseSharing decodes a sharing as it is on the chain.
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

// loadSharing decodes a sharing and decrypts this validator's share of it. A validator without a share can't sign beacons, and does
// everything else: its precommits are ignored where a beacon is awaited (docs/adr/0003).
func (a *app) loadSharing(s order.Sharing) (*sharing, error) {
	loaded, err := parseSharing(s.From, s.Encoded)
	if err != nil {
		return nil, fmt.Errorf("sharing from height %d: %w", s.From, err)
	}
	index, ok := loaded.indices[a.address]
	if !ok {
		return loaded, nil
	}
	share, err := s.Ceremony.Share(a.key, index)
	if err != nil {
		a.logger.Error("this validator has no share and signs no beacons until the secret is reshared", "from_height", s.From, "error", err)
		return loaded, nil
	}
	loaded.share = &share
	return loaded, nil
}

// loadSharings loads the sharings of a group; those that are already loaded are reused.
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

// sharingAt returns the sharing that signs the beacon of a height, if it is one of the newest two; otherwise nil.
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

// newestSharing returns the latest sharing of the chain, in force or not; nil before the first.
func (a *app) newestSharing() *sharing {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if len(a.sharings) == 0 {
		return nil
	}
	return a.sharings[len(a.sharings)-1]
}
