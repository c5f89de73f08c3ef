package chain

import (
	"log/slog"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
)

// OpenBare opens a home with the same settings and another application instead of ours. It takes part in no ceremony.
func OpenBare(cfg Config, logger *slog.Logger, application abci.Application) (*Node, error) {
	n, err := open(cfg, logger, testHooks{application: func(abci.Application) abci.Application { return application }})
	if err == nil {
		n.home.member.BeaconKey = dkg.PublicKey{}
	}
	return n, err
}

// Broadcast sends a transaction to the validators, whether they have a key or not.
func (n *Node) Broadcast(tx []byte) error { return n.broadcast(tx) }
