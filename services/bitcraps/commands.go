package bitcraps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/gateway"
	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/version"
	"github.com/bitcraps/bitcraps/services/api"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
	"github.com/bitcraps/bitcraps/services/consensus"
	"github.com/bitcraps/bitcraps/services/game"
)

// Command is the operator's command line.
func Command() *cobra.Command {
	root := &cobra.Command{
		Use: "bitcraps", Short: "Provably fair multiplayer craps", Version: version.Version, SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.AddCommand(upCommand(), migrateCommand(), chainCommand(), configCommand(), verifyCommand(), replayCommand(), auditCommand(), roleCommand(),
		simulateCommand(), tableCommand(), fleetCommand(), profileCommand(), healthCommand(), perfReportCommand(), remediateCommand())
	for _, cmd := range root.Commands() {
		if cmd.HasSubCommands() {
			cmd.RunE = requireSubcommand
		}
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; `%s --help` lists the valid ones", err, cmd.CommandPath())
	})
	wrapOutput(root)
	return root
}

// requireSubcommand runs a command that only has subcommands. Without it, a mistyped subcommand would print help and succeed.
func requireSubcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	return fmt.Errorf("unknown command %q for %q; `%[2]s --help` lists the valid ones", args[0], cmd.CommandPath())
}

func upCommand() *cobra.Command {
	var opts Options
	var flags service.Flags
	cmd := &cobra.Command{
		Use: "up", Short: "Run every service and four validators in one process", Args: cobra.NoArgs,
		Long: "Run every service and four validators in one process, on SQLite, with no other program.\n" +
			"It prints \"ready URL\" once it serves requests, and drains and exits on SIGTERM or Ctrl-C.\n\n" +
			"With --database-url it keeps its data in an existing PostgreSQL database: api in the schema \"api\", game in the\n" +
			"schema \"game\". It creates and migrates both schemas, so its user must own the database or be allowed to create\n" +
			"schemas in it. The chain stays in the data directory.\n\n" +
			"It refuses to start if there are players but no ledger, or a ledger but no players or no chain, and if the ledger and\n" +
			"the chain were restored from different times. If only the homes of some validators are missing, it starts the others,\n" +
			"of which a quorum can roll, and warns.",
		Example: "  bitcraps up\n  bitcraps up --http-addr 127.0.0.1:0 --data-dir /tmp/craps\n  bitcraps up --database-url postgresql://craps@127.0.0.1/craps\n  bitcraps up --set telemetry.log_level=debug --set game.tables.idle_expiry=1m",
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Source = flags.SourceForAll()
			return up(cmd.Context(), opts)
		},
	}
	flags.Bind(cmd)
	cmd.Flags().StringVar(&opts.HTTPAddr, "http-addr", "127.0.0.1:8080", "address of the REST API; port 0 means any free one")
	cmd.Flags().StringVar(&opts.AdminAddr, "admin-addr", "", "address of /debug/pprof, such as 127.0.0.1:6060; not served by default")
	cmd.Flags().StringVar(&opts.DataDir, "data-dir", "data", "folder of the databases and the chain")
	cmd.Flags().StringVar(&opts.DatabaseURL, "database-url", "", "PostgreSQL database of api and game, such as postgresql://USER@HOST/DATABASE; by default SQLite in the data directory")
	cmd.Flags().IntVar(&opts.Validators, "validators", 4, "number of validators of a new chain; 3f+1 tolerate f faults")
	cmd.Flags().StringVar(&opts.RedisURL, "redis-url", "", "Redis to share rate limits and events with other processes, such as redis://127.0.0.1:6379/0; a single process needs none")
	return cmd
}

func up(ctx context.Context, opts Options) error {
	cfg, err := opts.Load()
	if err != nil {
		return fmt.Errorf("configuration:\n%w", err)
	}
	tel, err := telemetry.New(ctx, "bitcraps", version.Version, cfg.Gateway.Telemetry, os.Stderr)
	if err != nil {
		return err
	}
	telemetry.SetGlobals(tel.Logger)
	platform, err := New(ctx, opts, cfg, tel)
	if err != nil {
		return err
	}
	return platform.Run(ctx, func(url string) { fmt.Println("ready " + url) })
}

func chainCommand() *cobra.Command {
	chain := &cobra.Command{Use: "chain", Short: "Create and manage the validators' chain"}
	var dir, chainID string
	var validators int
	create := &cobra.Command{
		Use: "init", Short: "Create a new chain and a home for each of its validators", Args: cobra.NoArgs,
		Long: "Create a new chain and a home for each of its validators. The validators generate the beacon's key themselves when\n" +
			"they first connect. Move each home, and the .identity file next to it that decrypts its beacon key, to the\n" +
			"validator's own machine and remove both here. Keep operator_key where only you can read it: it authorizes adding\n" +
			"and removing validators.",
		Example: "  bitcraps chain init --dir data/consensus --validators 4 --chain-id craps-1",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if chainID == "" {
				chainID = fleet.NewChainID()
			}
			if err := consensus.InitNetwork(dir, chainID, validators, time.Now()); err != nil {
				return err
			}
			for i := range validators {
				id, err := consensus.PeerID(consensus.Home(dir, i))
				if err != nil {
					return err
				}
				cmd.Printf("%s  peer id %s\n", consensus.Home(dir, i), id)
			}
			return nil
		},
	}
	create.Flags().StringVar(&dir, "dir", "data/consensus", "folder for the validators' homes")
	create.Flags().StringVar(&chainID, "chain-id", "", "id of the chain; random by default")
	create.Flags().IntVar(&validators, "validators", 4, "number of validators; 3f+1 tolerate f faults")
	chain.AddCommand(create, chainStatusCommand(), chainExportCommand(), chainJoinCommand(), chainAddCommand(), chainRemoveCommand(),
		chainRefreshCommand())
	return chain
}

func configCommand() *cobra.Command {
	root := &cobra.Command{Use: "config", Short: "Check and describe configuration"}
	var flags service.Flags
	check := &cobra.Command{
		Use: "check", Short: "Report every mistake in the configuration of every service", Args: cobra.NoArgs,
		Example: "  bitcraps config check --config-dir deploy/config --environment production",
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := configs()
			var wrong error
			for _, name := range slices.Sorted(maps.Keys(all)) {
				validator, _ := all[name].(config.Validator)
				if err := config.Load(name, validator, flags.SourceForAll()); err != nil {
					wrong = errors.Join(wrong, fmt.Errorf("[%s]\n%w", name, err))
				}
			}
			wrong = errors.Join(wrong, checkDatabasesDiffer(all["api"].(*api.Config).Database, all["game"].(*game.Config).Database))
			if wrong == nil {
				cmd.Println("the configuration of every service is valid")
			}
			return wrong
		},
	}
	flags.Bind(check)
	schema := &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of a configuration file", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := config.Schema(configs())
			if err == nil {
				cmd.Println(string(text))
			}
			return err
		},
	}
	root.AddCommand(check, schema)
	return root
}

// configs returns the built-in defaults of every service.
func configs() map[string]any {
	gatewayConfig, apiConfig, gameConfig, consensusConfig := gateway.Default(), api.Default(), game.Default(), consensus.Default()
	return map[string]any{"gateway": &gatewayConfig, "api": &apiConfig, "game": &gameConfig, "consensus": &consensusConfig}
}
