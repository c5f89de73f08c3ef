package bitcraps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/services/api"
	"github.com/bitcraps/bitcraps/services/consensus"
	"github.com/bitcraps/bitcraps/services/game"
)

// restoreHint is what to do where a part of the data is missing. Starting would create an empty one in its place: players without
// their wallets, or rounds of a chain that no longer exists.
const restoreHint = "restore it from the same backup as the rest, or choose another --data-dir"

// prepareData creates and migrates the databases. It fails where a part of the data is missing on which another part depends.
func (p *Platform) prepareData(ctx context.Context) error {
	players, ok := p.cfg.API.Database.SQLite()
	ledger, both := p.cfg.Game.Database.SQLite()
	if ok && both && exists(players) && !exists(ledger) {
		return fmt.Errorf("%s, the ledger of the players in %s, is missing; %s", ledger, players, restoreHint)
	}
	if _, _, err := api.Migrate(ctx, p.cfg.API.Database); err != nil {
		return err
	}
	if _, _, err := game.Migrate(ctx, p.cfg.Game.Database); err != nil {
		return err
	}
	home := consensus.Home(filepath.Join(p.opts.DataDir, identity.Consensus), 0)
	if exists(home) {
		return nil
	}
	initialized, err := ledgerInitialized(ctx, p.cfg.Game)
	if err == nil && initialized {
		err = fmt.Errorf("%s, the home of a validator of the chain that decided the ledger's rounds, is missing; %s", home, restoreHint)
	}
	return err
}

func ledgerInitialized(ctx context.Context, cfg game.Config) (initialized bool, err error) {
	auditor, err := game.OpenAuditor(ctx, cfg.Database)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, auditor.Close()) }()
	return auditor.Initialized(ctx)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
