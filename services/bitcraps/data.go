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

// restoreIt is what to do about data whose rest is missing. To start would make an empty one in its place: wallets without their tokens, or
// rounds of a chain that nobody has.
const restoreIt = "restore it from the backup that the rest is from, or choose another --data-dir"

// prepareData makes and migrates the databases, unless a part of the data is missing that the rest belongs to.
func (p *Platform) prepareData(ctx context.Context) error {
	players, ok := p.cfg.API.Database.SQLite()
	ledger, both := p.cfg.Game.Database.SQLite()
	if ok && both && exists(players) && !exists(ledger) {
		return fmt.Errorf("%s is missing, the ledger of the players in %s; %s", ledger, players, restoreIt)
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
	begun, err := booksBegun(ctx, p.cfg.Game)
	if err == nil && begun {
		err = fmt.Errorf("%s is missing, a validator of the chain that threw the dice of the game's rounds; %s", home, restoreIt)
	}
	return err
}

func booksBegun(ctx context.Context, cfg game.Config) (begun bool, err error) {
	archive, err := game.OpenAuditor(ctx, cfg.Database)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, archive.Close()) }()
	return archive.Initialized(ctx)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
