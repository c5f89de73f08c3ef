package chain

import (
	"errors"
	"log/slog"

	abci "github.com/cometbft/cometbft/abci/types"
)

// Prune forgets the blocks below a height, as a validator with little room would.
func (n *Node) Prune(below int64) error {
	s, err := n.states.Load()
	if err != nil {
		return err
	}
	_, kept, err := n.comet.BlockStore().PruneBlocks(below, s)
	return errors.Join(err, n.states.PruneStates(1, below, kept))
}

// OpenBare opens a home with another application in the place of ours and the same settings.
func OpenBare(cfg Config, logger *slog.Logger, application abci.Application) (*Node, error) {
	return open(cfg, logger, seams{application: func(abci.Application) abci.Application { return application }})
}
