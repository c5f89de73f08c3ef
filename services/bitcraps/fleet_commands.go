package bitcraps

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
)

// fleetDir is not inside data/, which only its owner may enter: if root starts the fleet, PostgreSQL runs as another user.
const fleetDir = "data-fleet"

// fleetFlags are the flags of all commands on a fleet.
type fleetFlags struct {
	dir  string
	json bool
}

func (f *fleetFlags) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.dir, "dir", fleetDir, "folder of the fleet")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
}

// programsDir is the folder of the services' binaries: that of this one, unless a flag names another.
func programsDir(flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	self, err := os.Executable()
	return filepath.Dir(self), err
}

// explainMissingFleet adds what to do where a folder has no fleet.
func explainMissingFleet(dir string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("--dir %s: there is no fleet; start one with `bitcraps fleet up`", dir)
	}
	return err
}

func fleetCommand() *cobra.Command {
	root := &cobra.Command{Use: "fleet", Short: "Run every service in a process of its own on this machine"}
	root.AddCommand(fleetUpCommand(), fleetDownCommand(), fleetStatusCommand(), fleetInitCommand())
	return root
}

func fleetUpCommand() *cobra.Command {
	var flags fleetFlags
	var opts fleet.Options
	var programs string
	cmd := &cobra.Command{
		Use: "up", Short: "Start every process that is not running, and print the gateways' URLs", Args: cobra.NoArgs,
		Long: "Start every service as a process of its own on loopback, with mutual TLS between them: two gateways, api, four validators,\n" +
			"and one game on SQLite or two on PostgreSQL. PostgreSQL and Redis are started too, unless their URLs are given.\n" +
			"It returns once everything is ready. Run again, it starts only the processes that have died. Options that are not given\n" +
			"stay as they were at the last start; --set replaces all earlier ones. It refuses to start if there are players but no\n" +
			"ledger, a ledger but no players or not every validator's home, or data on another engine.",
		Example: "  bitcraps fleet up\n  bitcraps fleet up --database postgresql\n  bitcraps fleet up --database-url postgresql://me@db:5432/craps --redis-url redis://cache:6379/0",
		RunE: func(cmd *cobra.Command, _ []string) error {
			programs, err := programsDir(programs)
			if err != nil {
				return err
			}
			f, err := fleet.Create(cmd.Context(), flags.dir, programs, func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) })
			if err != nil {
				return err
			}
			defer f.Close()
			if last, ok := f.Options(); ok {
				opts = keepOptions(opts, last, cmd.Flags().Changed)
			}
			started, err := f.Up(cmd.Context(), opts)
			if err != nil {
				return err
			}
			if len(started) == 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), "the fleet is already running")
			} else {
				fmt.Fprintln(cmd.ErrOrStderr(), "started "+strings.Join(started, ", "))
			}
			return flags.print(cmd, f)
		},
	}
	flags.bind(cmd)
	cmd.Flags().StringVar(&opts.Engine, "database", fleet.DefaultEngine, "postgresql for two games, or sqlite for one")
	cmd.Flags().StringVar(&opts.DatabaseURL, "database-url", "", "PostgreSQL server to use: postgresql://USER:PASSWORD@HOST:PORT/NAME, with the databases NAME_api and NAME_game")
	cmd.Flags().StringVar(&opts.RedisURL, "redis-url", "", "Redis to use: redis://:PASSWORD@HOST:PORT/0")
	cmd.Flags().IntVar(&opts.Port, "port", 8080, "port of the first gateway; the second gets the next one; 0 means any free ones")
	cmd.Flags().StringArrayVar(&opts.Set, "set", nil, "set one configuration key, such as game.tables.idle_expiry=1m; repeatable")
	cmd.Flags().StringVar(&programs, "bin-dir", "", "folder of the services' binaries; by default that of this one")
	return cmd
}

// keepOptions returns the options that were given, and otherwise those with which the fleet was last started.
func keepOptions(given, last fleet.Options, isGiven func(flag string) bool) fleet.Options {
	opts := last
	if isGiven("database") {
		opts.Engine = given.Engine
	}
	if isGiven("database-url") {
		opts.DatabaseURL = given.DatabaseURL
	}
	if isGiven("redis-url") {
		opts.RedisURL = given.RedisURL
	}
	if isGiven("port") {
		opts.Port = given.Port
	}
	if isGiven("set") {
		opts.Set = given.Set
	}
	return opts
}

func fleetDownCommand() *cobra.Command {
	var flags fleetFlags
	cmd := &cobra.Command{
		Use: "down", Short: "Stop every process of the fleet; its data stays", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := fleet.Open(cmd.Context(), flags.dir, "", nil)
			if err != nil {
				return explainMissingFleet(flags.dir, err)
			}
			defer f.Close()
			stopped, err := f.Down(cmd.Context())
			if flags.json {
				return cmp.Or(err, json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"stopped": append([]string{}, stopped...)}))
			}
			if len(stopped) > 0 {
				cmd.Println("stopped " + strings.Join(stopped, ", "))
			} else if err == nil {
				cmd.Println("nothing is running")
			}
			return err
		},
	}
	flags.bind(cmd)
	return cmd
}

func fleetStatusCommand() *cobra.Command {
	var flags fleetFlags
	cmd := &cobra.Command{
		Use: "status", Short: "Show the state of every process", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := fleet.Inspect(flags.dir)
			if err != nil {
				return explainMissingFleet(flags.dir, err)
			}
			return flags.print(cmd, f)
		},
	}
	flags.bind(cmd)
	return cmd
}

func fleetInitCommand() *cobra.Command {
	var dir, peers string
	var validators int
	cmd := &cobra.Command{
		Use: "init", Short: "Create a fleet's chain and certificates, where there are none", Args: cobra.NoArgs,
		Long: "Create what a fleet needs before its first start: a chain with a home for each validator in DIR/chain, and a certificate for\n" +
			"every service in DIR/tls. `bitcraps fleet up` does this by itself; use this for fleets that something else runs, such as\n" +
			"Docker Compose.",
		Example: "  bitcraps fleet init --dir /var/lib/bitcraps --peer-address consensus-%d:26656",
		RunE: func(_ *cobra.Command, _ []string) error {
			if strings.Count(peers, "%d") != 1 || strings.Count(peers, "%") != 1 {
				return fmt.Errorf("--peer-address %s: want one %%d, for the validator's number", peers)
			}
			return fleet.Init(dir, validators, func(i int) string { return fmt.Sprintf(peers, i) }, time.Now())
		},
	}
	cmd.Flags().StringVar(&dir, "dir", fleetDir, "folder of the fleet")
	cmd.Flags().IntVar(&validators, "validators", 4, "number of validators of a new chain; 3f+1 tolerate f faults")
	cmd.Flags().StringVar(&peers, "peer-address", "consensus-%d:26656", "peer address of each validator; %d is its number")
	return cmd
}
