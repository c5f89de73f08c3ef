package bitcraps

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/services/api"
	"github.com/bitcraps/bitcraps/services/game"
)

func migrateCommand() *cobra.Command {
	var where archiveFlags
	cmd := &cobra.Command{
		Use: "migrate", Short: "Bring the databases of api and game to this release's schema", Args: cobra.NoArgs,
		Long: "Bring the databases of api and game to this release's schema. Services refuse to start on another one.\n" +
			"On SQLite, stop them first; on PostgreSQL, any number of processes may run this at once, and one migrates.\n" +
			"Databases that are missing are made. It says of each what became of it. up does this by itself.",
		Example: "  bitcraps migrate --data-dir /srv/craps\n  bitcraps migrate --config-dir deploy/config --environment development",
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts := where.options()
			cfg, err := opts.defaults()
			if err == nil {
				err = distinct(config.Load("api", &cfg.API, opts.Source), config.Load("game", &cfg.Game, opts.Source))
			}
			if err := errors.Join(err, apart(cfg.API.Database, cfg.Game.Database)); err != nil {
				return fmt.Errorf("configuration:\n%w", err)
			}
			return errors.Join(migrateDatabase(cmd, identity.API, cfg.API.Database, api.Migrate), migrateDatabase(cmd, identity.Game, cfg.Game.Database, game.Migrate))
		},
	}
	where.bind(cmd)
	return cmd
}

// migrateDatabase migrates a service's database, and says which one it was and what became of it.
func migrateDatabase(cmd *cobra.Command, service string, database config.Database, up func(context.Context, config.Database) (from, to int64, err error)) error {
	from, to, err := up(cmd.Context(), database)
	if err != nil {
		return fmt.Errorf("%s: %w", service, err)
	}
	where := "PostgreSQL"
	if path, ok := database.SQLite(); ok {
		where = path
	}
	if from == to {
		cmd.Printf("%s: %s is at schema version %d already\n", service, where, to)
	} else {
		cmd.Printf("%s: %s went from schema version %d to %d\n", service, where, from, to)
	}
	return nil
}
