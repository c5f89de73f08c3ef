// Command doc prints the page of all wagers from their definitions.
//
//	go run ./libs/craps/doc > docs/wagers.md
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/craps/edge"
)

const head = `# Wagers

This page is generated from [libs/craps](../libs/craps) by ` + "`make generate`" + `.

The table offers %d wagers. Codes 0 to 63 are the canonical ones, which have the same meaning in every implementation; the others
are our own. The pay tables are data, and every round commits to their hash ([protocol.md](protocol.md), section 3).

Amounts are whole tokens. "a to b" is a profit of a for every b of stake; the stake is returned as well. A stake must be a
multiple of the number given, so that nothing is ever rounded. The edge is the share of a bet's cost, stake and commission, that the
house keeps on average, for each bet made. It is computed exactly from the definitions that settle the bets
([libs/craps/edge](../libs/craps/edge)); ` + "`bitcraps simulate`" + ` measures it.

## How a bet ends

A roll has one of five outcomes for a bet. **win**: the stake is returned with the profit. **lose**: the house keeps the stake.
**push**: the stake is returned. **travel**: a come bet moves to its number. **stay**: nothing happens. The first three close the bet.

Every roll settles all bets by the state before the roll, in this order:

1. one-roll, number and hardway bets
2. come bets that have travelled, and their odds
3. come bets that have not
4. the line, and its odds
5. side bets

The order affects no bet's result; it makes the ledger reproducible.

## When a bet can be placed

| placed | when |
|---|---|
| ` + "`come_out`" + ` | while no point is set |
| ` + "`point`" + ` | while a point is set |
| ` + "`any`" + ` | between any two rolls |
| ` + "`with_flat`" + ` | while the flat bet that it stands behind is on a number |
| ` + "`new_hand`" + ` | before the first roll of a hand, which is a shooter's rolls up to the seven-out |
| ` + "`since_seven`" + ` | while nothing has been rolled since the last 7, a come-out 7 included, or since the game began |

## When a bet can be taken back

| locked | may be taken back |
|---|---|
| ` + "`never`" + ` | between any two rolls; commission is returned with the stake |
| ` + "`window_closed`" + ` | only while it could still be placed |
| ` + "`on_number`" + ` | only until the come bet has travelled |

A bet that is **off** on the come-out is not affected by rolls while no point is set: it neither wins nor loses. Players can keep it
working instead. That changes how long it stays on the table, but not its edge.

Commission is 5 %%, paid when the bet is placed. It is not returned when the bet is decided.
`

func main() {
	out := bufio.NewWriter(os.Stdout)
	if err := errors.Join(run(out), out.Flush()); err != nil {
		fmt.Fprintln(os.Stderr, "doc:", err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	families, err := group(craps.Wagers())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, head, len(craps.Wagers()))
	for _, family := range families {
		fmt.Fprintf(out, "\n## %s\n\n%s\n\n", family.title, family.text)
		fmt.Fprintln(out, "| code | name | aliases | rule | placed | locked | come-out | pays | stakes are multiples of | commission | edge | % |")
		fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|---|---|---|---|")
		for _, w := range family.wagers {
			fmt.Fprintf(out, "| %s |\n", strings.Join(row(w), " | "))
		}
	}
	fmt.Fprintf(out, "\n## Long fractions\n\nThe exact edges that did not fit above.\n\n")
	for _, w := range craps.Wagers() {
		if fraction := edge.Table()[w.Code].RatString(); long(fraction) {
			fmt.Fprintf(out, "- `%s`: %s\n", w.Name, fraction)
		}
	}
	return nil
}
