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

// fleetDir is beside data/, which only its owner may enter: where root starts it, PostgreSQL runs as another user.
const fleetDir = "data-fleet"

// fleetFlags are what all commands on a fleet take.
type fleetFlags struct {
	dir  string
	json bool
}

func (f *fleetFlags) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.dir, "dir", fleetDir, "folder of the fleet")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
}

// programsDir is where the services' binaries are: beside this one, unless a flag says otherwise.
func programsDir(flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	self, err := os.Executable()
	return filepath.Dir(self), err
}

// noFleet says what to do where a folder has no fleet.
func noFleet(dir string, err error) error {
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
		Use: "up", Short: "Start what does not run yet, and say where the gateways are", Args: cobra.NoArgs,
		Long: "Start every service as a process of its own on loopback, with mutual TLS between them: two gateways, api, four validators,\n" +
			"and one game on SQLite or two on PostgreSQL. PostgreSQL and Redis are started too, unless their addresses are given.\n" +
			"It ends when everything is ready. Started again, it starts only what has died.",
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
			started, err := f.Up(cmd.Context(), opts)
			if err != nil {
				return err
			}
			if len(started) == 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), "the fleet runs already")
			} else {
				fmt.Fprintln(cmd.ErrOrStderr(), "started "+strings.Join(started, ", "))
			}
			return flags.print(cmd, f)
		},
	}
	flags.bind(cmd)
	cmd.Flags().StringVar(&opts.Engine, "database", fleet.DefaultEngine, "postgresql for two games, or sqlite for one")
	cmd.Flags().StringVar(&opts.DatabaseURL, "database-url", "", "PostgreSQL to use: postgresql://USER:PASSWORD@HOST:PORT/NAME, with the databases NAME_api and NAME_game")
	cmd.Flags().StringVar(&opts.RedisURL, "redis-url", "", "Redis to use: redis://:PASSWORD@HOST:PORT/0")
	cmd.Flags().IntVar(&opts.Port, "port", 8080, "port of the first gateway; the second has the next; 0 takes any free ones")
	cmd.Flags().StringArrayVar(&opts.Set, "set", nil, "set one configuration key, such as game.tables.idle_expiry=1m; repeatable")
	cmd.Flags().StringVar(&programs, "bin-dir", "", "folder of the services' binaries; where it is not given, that of this one")
	return cmd
}

func fleetDownCommand() *cobra.Command {
	var flags fleetFlags
	cmd := &cobra.Command{
		Use: "down", Short: "Stop what up started. Data stays", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := fleet.Open(cmd.Context(), flags.dir, "", nil)
			if err != nil {
				return noFleet(flags.dir, err)
			}
			defer f.Close()
			stopped, err := f.Down(cmd.Context())
			if flags.json {
				return cmp.Or(err, json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"stopped": append([]string{}, stopped...)}))
			}
			if len(stopped) > 0 {
				cmd.Println("stopped " + strings.Join(stopped, ", "))
			} else if err == nil {
				cmd.Println("nothing runs")
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
		Use: "status", Short: "Say how every process is", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := fleet.Look(flags.dir)
			if err != nil {
				return noFleet(flags.dir, err)
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
		Use: "init", Short: "Make a fleet's chain and certificates, where there are none", Args: cobra.NoArgs,
		Long: "Make what a fleet must have before its first start: a chain with a home for each validator in DIR/chain, and a certificate\n" +
			"for every service in DIR/tls. up does this by itself; here it is for fleets that something else runs, such as Docker Compose.",
		Example: "  bitcraps fleet init --dir /var/lib/bitcraps --peer-address consensus-%d:26656",
		RunE: func(_ *cobra.Command, _ []string) error {
			if strings.Count(peers, "%d") != 1 || strings.Count(peers, "%") != 1 {
				return fmt.Errorf("--peer-address %s: want one %%d, for the validator's number", peers)
			}
			return fleet.Init(dir, validators, func(i int) string { return fmt.Sprintf(peers, i) }, time.Now())
		},
	}
	cmd.Flags().StringVar(&dir, "dir", fleetDir, "folder of the fleet")
	cmd.Flags().IntVar(&validators, "validators", 4, "validators of a new chain; 3f+1 of them bear f faults")
	cmd.Flags().StringVar(&peers, "peer-address", "consensus-%d:26656", "where validators find each other")
	return cmd
}
