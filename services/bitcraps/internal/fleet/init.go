package fleet

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/localca"
	"github.com/bitcraps/bitcraps/services/consensus"
)

// Init creates what a fleet needs before its first start, and keeps what exists: a chain, and a certificate for every service and for
// the operator. Where peerAddress is given, it also writes the addresses of the others into each validator's home.
func Init(dir string, validators int, peerAddress func(i int) string, now time.Time) error {
	authority, err := localca.Open(filepath.Join(dir, "tls"), now)
	if err != nil {
		return err
	}
	for _, service := range []string{identity.Gateway, identity.API, identity.Game, identity.Consensus, identity.Operator} {
		if _, err := authority.Issue(service, now); err != nil {
			return err
		}
	}
	chain := filepath.Join(dir, "chain")
	if _, err := os.Stat(consensus.Home(chain, 0)); errors.Is(err, os.ErrNotExist) {
		if err := consensus.InitNetwork(chain, NewChainID(), validators, now); err != nil {
			return err
		}
	}
	if peerAddress == nil {
		return nil
	}
	return consensus.WritePeers(chain, validators, peerAddress)
}

// NewChainID returns a random id for a new chain. It is unique, so that nothing signed on one chain is valid on another.
func NewChainID() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // It never fails.
	return "bitcraps-" + hex.EncodeToString(b[:])
}
