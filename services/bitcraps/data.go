package bitcraps

import (
	"context"
	"slices"
	"time"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/data"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
	"github.com/bitcraps/bitcraps/services/consensus"
)

// prepareData prepares the databases, and creates the chain where there is none, or only a part that an interrupted start has left.
func (p *Platform) prepareData(ctx context.Context) error {
	parts := data.Parts{Players: p.cfg.API.Database, Ledger: p.cfg.Game.Database, Chain: p.chainDir(), DirFlag: "--data-dir"}
	ledgerBegun, err := parts.Prepare(ctx)
	if err != nil || ledgerBegun {
		return err
	}
	homes, _, err := consensus.Homes(p.chainDir())
	if err != nil || slices.Contains(homes, 0) {
		return err
	}
	return consensus.InitNetwork(p.chainDir(), fleet.NewChainID(), p.opts.Validators, time.Now())
}
