package bitcraps

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/services/game"
)

const tableHelp = `Play a script at a table of its own, by the rules of the service and with the dice that the script names. Each event is
printed as one line of JSON. A command that the table refuses is printed with its reason and changes nothing.

  player NAME                           NAME sits down; the commands that follow are NAME's
  bet WAGER AMOUNT [NUMBER] [working]   or just WAGER AMOUNT; NUMBER is for odds on come bets
  roll DIE DIE                          roll these dice
  working WAGER on|off [NUMBER]         whether a bet takes part in come-out rolls
  reduce WAGER AMOUNT [NUMBER]          reduce a bet to AMOUNT
  remove WAGER [NUMBER]                 take a bet down
  pass                                  pass the dice
  leave                                 leave the table
  NAME: COMMAND                         this command is NAME's
  # ...                                 a comment`

func tableCommand() *cobra.Command {
	var path string
	var strict bool
	options := game.ScriptOptions{}
	cmd := &cobra.Command{
		Use: "table", Short: "Play a script of bets and rolls, and print what happens", Args: cobra.NoArgs, Long: tableHelp,
		Example: "  bitcraps table --script hand.txt\n  printf 'pass_line 10\\nroll 4 3\\n' | bitcraps table --script -",
		RunE: func(cmd *cobra.Command, _ []string) error {
			script, err := openScript(path, cmd.InOrStdin())
			if err != nil {
				return err
			}
			defer func() { _ = script.Close() }()
			refused, err := game.RunScript(script, cmd.OutOrStdout(), options)
			if err == nil && strict && refused > 0 {
				err = fmt.Errorf("the table refused %d commands", refused)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&path, "script", "", "file with the script; - reads standard input")
	cmd.Flags().BoolVar(&strict, "strict", false, "fail if the table refuses a command")
	cmd.Flags().Int64Var(&options.Balance, "balance", 1_000_000, "initial balance of each player, in tokens")
	cmd.Flags().Int64Var(&options.Bankroll, "bankroll", 1_000_000_000_000, "initial balance of the house, in tokens")
	cmd.Flags().Int64Var(&options.MinBet, "min-bet", 1, "smallest stake")
	cmd.Flags().Int64Var(&options.MaxBet, "max-bet", 1_000_000, "largest stake")
	_ = cmd.MarkFlagRequired("script") // It fails only for a flag that does not exist.
	return cmd
}

func openScript(path string, stdin io.Reader) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(stdin), nil
	}
	return os.Open(path)
}
