package consensus

import (
	"path/filepath"
	"time"

	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// InitNetwork makes a new chain with n validators and writes a home for each into dir, and the operator's key. It fails
// where dir holds one.
func InitNetwork(dir, chainID string, n int, now time.Time) error {
	return chain.InitNetwork(dir, chainID, n, now)
}

// Home is the folder of the i-th validator of the chain in dir.
func Home(dir string, i int) string { return filepath.Join(dir, chain.ValidatorName(i)) }

// PeerID is how other validators address the one that lives in a home: as PeerID@host:port.
func PeerID(home string) (string, error) { return chain.PeerID(home) }

// WritePeers writes into each home of the chain in dir, which has n, where the others are. A validator whose
// configuration names no peers reads them there.
func WritePeers(dir string, n int, address func(i int) string) error {
	return chain.WritePeers(dir, n, address)
}
