package bitcraps

import (
	"context"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"runtime"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/craps/edge"
	"github.com/bitcraps/bitcraps/libs/craps/simulate"
)

// simulation is a run of `bitcraps simulate`.
type simulation struct {
	names    []string
	rolls    int64
	seed     uint64
	diceFile string
	json     bool

	recorded []craps.Dice // The rolls of the dice file.
}

// errStopped means that the result is of fewer rolls than requested.
var errStopped = errors.New("stopped before all rolls were made")

func simulateCommand() *cobra.Command {
	var s simulation
	cmd := &cobra.Command{
		Use: "simulate", Short: "Simulate wagers, and compare the measured house edge with the exact one", Args: cobra.NoArgs,
		Long: "Simulate wagers by the rules of the tables, each at a table of its own, and compare the measured house edge with the\n" +
			"exact one. The smallest stake that pays without rounding is bet whenever the table accepts the wager and none is live;\n" +
			"odds are bet behind a flat bet that is not counted. All wagers see the same rolls. Ctrl-C stops the simulation and\n" +
			"prints the results so far.",
		Example: "  bitcraps simulate --wager pass_line\n  bitcraps simulate --wager fire --wager odds_come --rolls 100_000_000 --seed 7\n" +
			"  bitcraps simulate --wager all --rolls 1_000_000 --json\n  bitcraps simulate --wager field --dice-file rolls.txt",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("seed") {
				s.seed = mathrand.Uint64N(1 << 53) // Every JSON reader can represent it.
			}
			return s.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), cmd.Flags().Changed("rolls"))
		},
	}
	cmd.Flags().StringSliceVar(&s.names, "wager", nil, "wager to play, such as pass_line; may be repeated; all plays every one")
	cmd.Flags().Int64Var(&s.rolls, "rolls", 10_000_000, "rolls for each wager; with --dice-file by default all of the file")
	cmd.Flags().Uint64Var(&s.seed, "seed", 0, "seed of the dice, which makes a run repeatable; random by default")
	cmd.Flags().StringVar(&s.diceFile, "dice-file", "", "file of rolls to play, one per line, such as 3 5")
	cmd.Flags().BoolVar(&s.json, "json", false, "print a JSON object for each wager")
	cmd.MarkFlagsMutuallyExclusive("seed", "dice-file")
	_ = cmd.MarkFlagRequired("wager") // It fails only for a flag that does not exist.
	return cmd
}

func (s *simulation) run(ctx context.Context, out, status io.Writer, rollsGiven bool) error {
	wagers, err := findWagers(s.names)
	if err != nil {
		return err
	}
	if s.rolls <= 0 {
		return fmt.Errorf("--rolls %d: at least one roll is needed", s.rolls)
	}
	if s.diceFile != "" {
		if err := s.readDiceFile(rollsGiven); err != nil {
			return fmt.Errorf("--dice-file %s: %w", s.diceFile, err)
		}
	}
	results, err := s.play(ctx, wagers, status)
	if err != nil {
		return err
	}
	if s.json {
		err = s.printJSON(out, results)
	} else {
		err = s.printTable(out, results)
	}
	if ctx.Err() != nil {
		return errors.Join(err, errStopped)
	}
	return err
}

// readDiceFile reads the dice file, which must have at least as many rolls as requested.
func (s *simulation) readDiceFile(rollsGiven bool) error {
	file, err := os.Open(s.diceFile)
	if err != nil {
		return errors.Unwrap(err) // The caller adds the path.
	}
	defer func() { _ = file.Close() }()
	if s.recorded, err = simulate.ReadDice(file); err != nil {
		return err
	}
	n := int64(len(s.recorded))
	switch {
	case n == 0:
		return errors.New("it has no rolls")
	case rollsGiven && n < s.rolls:
		return fmt.Errorf("it has %d rolls, and --rolls asks for %d", n, s.rolls)
	case !rollsGiven:
		s.rolls = n
	}
	return nil
}

func (s *simulation) dice() simulate.Dice {
	if s.diceFile != "" {
		return simulate.Recorded(s.recorded)
	}
	return simulate.Seeded(s.seed)
}

// progressChunk is how many rolls are made between updates of the progress and checks for Ctrl-C.
const progressChunk = 1 << 18

// play simulates every wager, as many at a time as there are processors.
func (s *simulation) play(ctx context.Context, wagers []*craps.Wager, status io.Writer) ([]measurement, error) {
	advance, finish := progress(status, s.rolls*int64(len(wagers)), "rolling", "rolls")
	defer finish()
	results := make([]measurement, len(wagers))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, w := range wagers {
		group.Go(func() error {
			table := simulate.New(w, s.dice())
			for left := s.rolls; left > 0 && ctx.Err() == nil; {
				n := min(left, progressChunk)
				if err := table.Play(n); err != nil {
					return err
				}
				left -= n
				advance(n)
			}
			results[i] = measurement{wager: w, Tally: table.Tally(), exact: edge.Of(w)}
			return nil
		})
	}
	return results, group.Wait()
}
