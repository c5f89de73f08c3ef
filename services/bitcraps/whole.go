package bitcraps

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/services/consensus"
)

// whole fails where a part of the data is missing that the rest belongs to. Starting would make an empty one in its place:
// wallets without their tokens, or rounds of a chain that nobody has.
func (o Options) whole(ctx context.Context, cfg Config) error {
	const remedy = "restore it from the backup that the rest is from, or choose another --data-dir"
	players, ok := cfg.API.Database.SQLite()
	ledger, both := cfg.Game.Database.SQLite()
	if ok && both && exists(players) && !exists(ledger) {
		return fmt.Errorf("%s is missing, the ledger of the players in %s; %s", ledger, players, remedy)
	}
	if home := consensus.Home(filepath.Join(o.DataDir, identity.Consensus), 0); !exists(home) {
		rounds, err := look(ctx, cfg.Game.Database, "rounds", "SELECT COUNT(*) FROM (SELECT 1 FROM rounds LIMIT 1) AS some")
		if err != nil {
			return fmt.Errorf("game: %w", err)
		}
		if rounds > 0 {
			return fmt.Errorf("%s is missing, a validator of the chain that threw the dice of the game's rounds; %s", home, remedy)
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
