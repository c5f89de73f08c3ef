package bitcraps

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/service"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game"
)

// auditorFlags name the services' databases: by default those of `bitcraps up`.
type auditorFlags struct {
	flags       service.Flags
	dataDir     string
	databaseURL string
}

func (f *auditorFlags) bind(cmd *cobra.Command) {
	f.flags.Bind(cmd)
	cmd.Flags().StringVar(&f.dataDir, "data-dir", "data", "folder in which 'bitcraps up' keeps its databases; api.database.url and game.database.url override it")
	cmd.Flags().StringVar(&f.databaseURL, "database-url", "", "PostgreSQL database that 'bitcraps up' was given")
}

func (f *auditorFlags) options() Options {
	return Options{DataDir: f.dataDir, DatabaseURL: f.databaseURL, Source: f.flags.SourceForAll()}
}

// load reads the configuration of one service, on top of the defaults. It does not read that of others: a folder of a fleet is that of
// one process, whose [database] is that service's.
func (f *auditorFlags) load(service string) (Config, error) {
	cfg, err := f.options().defaults()
	if err != nil {
		return cfg, err
	}
	own := map[string]config.Validator{identity.API: &cfg.API, identity.Game: &cfg.Game}[service]
	if err := config.Load(service, own, f.flags.SourceForAll()); err != nil {
		return cfg, fmt.Errorf("configuration:\n%w", err)
	}
	return cfg, nil
}

// withAuditor opens the game service's database and calls do with it.
func (f *auditorFlags) withAuditor(cmd *cobra.Command, do func(*game.Auditor) error) error {
	cfg, err := f.load(identity.Game)
	if err != nil {
		return err
	}
	auditor, err := game.OpenAuditor(cmd.Context(), cfg.Game.Database)
	if err != nil {
		return err
	}
	return errors.Join(do(auditor), auditor.Close())
}

func replayCommand() *cobra.Command {
	var flags auditorFlags
	var id string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "replay", Short: "Replay a game from its stored data, and report the first difference", Args: cobra.NoArgs,
		Annotations: map[string]string{jsonLines: ""},
		Long: "Replay a game from its stored data: derive the state and the bets that each round committed to, its dice, and how\n" +
			"they settled every bet, and compare them with what was recorded. It prints each correct round, and fails at the\n" +
			"first difference. It may run while the service runs.",
		Example: "  bitcraps replay --game 01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4\n  bitcraps replay --game 01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4 --data-dir /srv/craps --json\n" +
			"  bitcraps replay --game 01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4 --config-dir data-fleet/config/game-0",
		RunE: func(cmd *cobra.Command, _ []string) error {
			gameID, err := uuid.Parse(id)
			if err != nil {
				return fmt.Errorf("--game %q: want the id of a game, which is a UUID", id)
			}
			return flags.withAuditor(cmd, func(auditor *game.Auditor) error {
				return replayGame(cmd, auditor, gameID, asJSON)
			})
		},
	}
	flags.bind(cmd)
	cmd.Flags().StringVar(&id, "game", "", "id of the game")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each round as a JSON object on a line of its own")
	_ = cmd.MarkFlagRequired("game") // It fails only for a flag that does not exist.
	return cmd
}

func replayGame(cmd *cobra.Command, auditor *game.Auditor, id uuid.UUID, asJSON bool) error {
	out, rounds := cmd.OutOrStdout(), 0
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	err := auditor.Replay(cmd.Context(), id, func(round *gamev1.Round) error {
		rounds++
		if asJSON {
			return printJSON(out, round)
		}
		if rounds == 1 {
			_, _ = fmt.Fprintln(table, "ROUND\tDICE\tCALL\tBETS\tBLOCK\tBEACON\tCOMMITMENT")
		}
		commitment, err := hex.DecodeString(round.GetCommitment())
		_, _ = fmt.Fprintf(table, "%d\t%d-%d\t%s\t%d\t%d\t%d\t%.8x\n", round.GetRound(), round.GetDice()[0], round.GetDice()[1], round.GetCall(),
			round.GetBetCount(), round.GetDecisionHeight(), round.GetBeaconHeight(), sha256.Sum256(commitment))
		return err
	})
	if flushed := table.Flush(); flushed != nil || err != nil {
		return errors.Join(err, flushed)
	}
	if !asJSON {
		_, err = fmt.Fprintf(out, "rounds replayed: %d; dice, settlements and hashes follow from the recorded data\n", rounds)
	}
	return err
}

func auditCommand() *cobra.Command {
	var flags auditorFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "audit", Short: "Audit the whole ledger, and report every difference", Args: cobra.NoArgs,
		Long: "Audit the whole ledger: recompute every balance from the transfers, check the balance after each transfer, compare\n" +
			"escrows with the bets on the tables and reserves with what those bets can win, and on SQLite the wallets' summaries\n" +
			"of their bets and transfers. It fails if anything differs. It may run while the service runs, which offers the same\n" +
			"audit as LedgerService.AuditLedger.",
		Example: "  bitcraps audit\n  bitcraps audit --data-dir /srv/craps --json\n  bitcraps audit --config-dir data-fleet/config/game-0",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return flags.withAuditor(cmd, func(auditor *game.Auditor) error {
				audit, err := auditor.Audit(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					err = printJSON(cmd.OutOrStdout(), audit)
				} else {
					err = printAudit(cmd.OutOrStdout(), audit)
				}
				if err == nil && !audit.GetBalanced() {
					err = errors.New("the ledger is wrong")
				}
				return err
			})
		},
	}
	flags.bind(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func printAudit(out io.Writer, audit *gamev1.AuditLedgerResponse) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "KIND\tACCOUNTS\tBALANCE\t")
	for _, kind := range audit.GetKinds() {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t\n", kind.GetKind(), kind.GetAccounts(), kind.GetBalance())
	}
	_, _ = fmt.Fprintf(table, "sum\t%d\t%d\t\n", audit.GetAccounts(), audit.GetSum())
	if err := table.Flush(); err != nil {
		return err
	}
	for _, d := range audit.GetDifferences() {
		_, _ = fmt.Fprintf(out, "%s: %s has %d, must have %d\n", d.GetCheck(), d.GetAccount(), d.GetBalance(), d.GetExpected())
	}
	verdict := "the ledger is wrong"
	if audit.GetBalanced() {
		verdict = "every balance follows from the transfers"
	}
	_, err := fmt.Fprintf(out, "%d transfers: %s\n", audit.GetTransfers(), verdict)
	return err
}
