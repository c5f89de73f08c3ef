package consensus

import (
	"path/filepath"
	"time"

	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// InitNetwork makes a new chain with n validators, and writes a home for each and the operator's key into dir. It fails if dir
// already contains a chain.
func InitNetwork(dir, chainID string, n int, now time.Time) error {
	return chain.InitNetwork(dir, chainID, n, now)
}

// Home returns the folder of the i-th validator of the chain in dir.
func Home(dir string, i int) string { return filepath.Join(dir, chain.ValidatorName(i)) }

// Homes returns which validators of the chain in dir have a home there, by their numbers, and which of the chain's first validators lack
// one. It returns none where there is no chain.
func Homes(dir string) (present, missing []int, err error) { return chain.Homes(dir) }

// PeerID returns the peer id of the validator of a home; others address it as PeerID@host:port.
func PeerID(home string) (string, error) { return chain.PeerID(home) }

// WritePeers writes the addresses of the other validators into each of the n homes of the chain in dir. A validator whose configuration
// has no peers reads them there.
func WritePeers(dir string, n int, address func(i int) string) error {
	return chain.WritePeers(dir, n, address)
}
