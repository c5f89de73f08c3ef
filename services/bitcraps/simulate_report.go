package bitcraps

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"text/tabwriter"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/craps/simulate"
)

// measurement is the result of simulating a wager, and its exact edge.
type measurement struct {
	simulate.Tally
	wager *craps.Wager
	exact *big.Rat
}

func (m measurement) exactEdge() float64 {
	share, _ := m.exact.Float64()
	return share
}

// z is how many standard errors the measured edge is above the exact one.
func (m measurement) z() float64 { return (m.Edge() - m.exactEdge()) / m.Error() }

// maxFractionLength is the longest fraction that is printed.
const maxFractionLength = 24

func (s *simulation) printTable(out io.Writer, results []measurement) error {
	if s.diceFile != "" {
		fmt.Fprintf(out, "dice of %s\n\n", s.diceFile)
	} else {
		fmt.Fprintf(out, "seed %d\n\n", s.seed)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "wager\trolls\tbets\twon\tpushed\tstaked\tcommission\treturned\tedge\t± (95 %)\texact edge\tas a fraction\tz\t")
	for _, m := range results {
		fraction := m.exact.RatString()
		if len(fraction) > maxFractionLength {
			fraction = "(long)"
		}
		decided := float64(m.Decided())
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t\n", m.wager.Name, m.Rolls, m.Decided(),
			percent(float64(m.Won())/decided), percent(float64(m.Pushes)/decided), m.Staked, m.Commission, m.Returned,
			percent(m.Edge()), percent(simulate.Confidence95*m.Error()), percent(m.exactEdge()), fraction, formatOrDash("%+.2f", m.z()))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return printLines(out, results)
}

// printLines prints how often each line was hit, for pay tables that have more than one.
func printLines(out io.Writer, results []measurement) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	first := true
	for _, m := range results {
		if len(m.Wins) == 1 {
			continue
		}
		if first {
			fmt.Fprintln(table, "\nwager\twins on\tpays\ttimes\tof bets")
			first = false
		}
		for line, pay := range m.wager.Pays {
			fmt.Fprintf(table, "%s\t%s\t%d to %d\t%d\t%s\n", m.wager.Name, pay.On, pay.To, pay.Per, m.Wins[line], percent(float64(m.Wins[line])/float64(m.Decided())))
		}
	}
	return table.Flush()
}

func percent(share float64) string { return formatOrDash("%.3f %%", 100*share) }

// formatOrDash formats a value, or returns a dash where it is undefined.
func formatOrDash(format string, value float64) string {
	if finiteOrNil(value) == nil {
		return "-"
	}
	return fmt.Sprintf(format, value)
}

// finiteOrNil is nil for a value that is not a number, such as the edge of no bets or the standard error of a single one.
func finiteOrNil(value float64) *float64 {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return nil
	}
	return &value
}

// jsonResult is a measurement as JSON. Shares are null where no bet was decided.
type jsonResult struct {
	Wager      string     `json:"wager"`
	Code       uint16     `json:"code"`
	Seed       *uint64    `json:"seed,omitempty"`
	DiceFile   string     `json:"dice_file,omitempty"`
	Rolls      int64      `json:"rolls"`
	Made       int64      `json:"bets_made"`
	Decided    int64      `json:"bets_decided"`
	Wins       []jsonLine `json:"wins"`
	Losses     int64      `json:"losses"`
	Pushes     int64      `json:"pushes"`
	Staked     int64      `json:"staked"`
	Commission int64      `json:"commission"`
	Returned   int64      `json:"returned"`
	HitRate    *float64   `json:"hit_rate"`
	Edge       *float64   `json:"edge"`
	Error      *float64   `json:"standard_error"`
	Low        *float64   `json:"edge_95_low"`
	High       *float64   `json:"edge_95_high"`
	Exact      string     `json:"exact_edge_fraction"`
	ExactEdge  float64    `json:"exact_edge"`
	Z          *float64   `json:"z"`
}

// jsonLine is how often a line of the pay table was hit.
type jsonLine struct {
	On    string `json:"on"`
	To    int64  `json:"to"`
	Per   int64  `json:"per"`
	Times int64  `json:"times"`
}

func (s *simulation) printJSON(out io.Writer, results []measurement) error {
	encoder := json.NewEncoder(out)
	for _, m := range results {
		margin := simulate.Confidence95 * m.Error()
		result := jsonResult{Wager: m.wager.Name, Code: m.wager.Code, DiceFile: s.diceFile, Rolls: m.Rolls, Made: m.Placed, Decided: m.Decided(),
			Losses: m.Losses, Pushes: m.Pushes, Staked: m.Staked, Commission: m.Commission, Returned: m.Returned,
			HitRate: finiteOrNil(float64(m.Won()) / float64(m.Decided())), Edge: finiteOrNil(m.Edge()), Error: finiteOrNil(m.Error()),
			Low: finiteOrNil(m.Edge() - margin), High: finiteOrNil(m.Edge() + margin), Exact: m.exact.RatString(), ExactEdge: m.exactEdge(), Z: finiteOrNil(m.z())}
		if s.diceFile == "" {
			result.Seed = &s.seed
		}
		for line, pay := range m.wager.Pays {
			result.Wins = append(result.Wins, jsonLine{On: pay.On, To: pay.To, Per: pay.Per, Times: m.Wins[line]})
		}
		if err := encoder.Encode(result); err != nil {
			return err
		}
	}
	return nil
}
