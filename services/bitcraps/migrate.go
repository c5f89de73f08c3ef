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
	var flags auditorFlags
	cmd := &cobra.Command{
		Use: "migrate", Short: "Migrate the databases of api and game to this release's schema", Args: cobra.NoArgs,
		Long: "Migrate the databases of api and game to this release's schema. Services refuse to start on any other schema.\n" +
			"On SQLite, stop the services first; on PostgreSQL, several processes may run this at the same time, and one of them\n" +
			"migrates. Missing databases are created. It prints what it did to each database. `bitcraps up` and `bitcraps fleet up`\n" +
			"migrate by themselves.",
		Example: "  bitcraps migrate --data-dir /srv/craps\n  bitcraps migrate --config-dir deploy/config --environment development",
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts := flags.options()
			cfg, err := opts.defaults()
			if err == nil {
				err = joinDistinct(config.Load("api", &cfg.API, opts.Source), config.Load("game", &cfg.Game, opts.Source))
			}
			if err := errors.Join(err, checkDatabasesDiffer(cfg.API.Database, cfg.Game.Database)); err != nil {
				return fmt.Errorf("configuration:\n%w", err)
			}
			return errors.Join(migrateDatabase(cmd, identity.API, cfg.API.Database, api.Migrate), migrateDatabase(cmd, identity.Game, cfg.Game.Database, game.Migrate))
		},
	}
	flags.bind(cmd)
	return cmd
}

// migrateDatabase migrates a service's database, and prints which database it is and its versions.
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
		cmd.Printf("%s: %s is already at schema version %d\n", service, where, to)
	} else {
		cmd.Printf("%s: %s was migrated from schema version %d to %d\n", service, where, from, to)
	}
	return nil
}
