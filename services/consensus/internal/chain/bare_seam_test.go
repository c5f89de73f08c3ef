package chain

import (
	"log/slog"

	abci "github.com/cometbft/cometbft/abci/types"
)

// OpenBare opens a home with another application in the place of ours and the same settings.
func OpenBare(cfg Config, logger *slog.Logger, application abci.Application) (*Node, error) {
	return open(cfg, logger, seams{application: func(abci.Application) abci.Application { return application }})
}
