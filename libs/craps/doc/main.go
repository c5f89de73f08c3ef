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

The table takes %d wagers. Codes 0 to 63 are the canonical ones, which have the same meaning in every implementation; the others
are ours. The pay tables are data, and every round commits to their hash ([protocol.md](protocol.md), section 3).

Amounts are whole tokens. "a to b" is a profit of a for every b of stake; the stake comes back as well. A stake must be a
multiple of what is given, so that nothing is ever rounded. The edge is what the house keeps on average of what a bet costs,
stake and commission, for each bet made. It is computed from the definitions that settle the bets, exactly
([libs/craps/edge](../libs/craps/edge)); ` + "`bitcraps simulate`" + ` measures it.

## How a bet ends

A roll does one of five things to a bet. **win**: the stake comes back with the profit. **lose**: the house keeps the stake.
**push**: the stake comes back. **travel**: a come bet moves to its number. **stay**: nothing happens. The first three close it.

Every roll settles all bets from the state before the roll, in this order:

1. one-roll, number and hardway bets
2. come bets that have travelled, and their odds
3. come bets that have not
4. the line, and its odds
5. side bets

The order changes nothing that any bet gets; it makes the ledger reproducible.

## When a bet can be placed

| placed | when |
|---|---|
| ` + "`come_out`" + ` | while no point is set |
| ` + "`point`" + ` | while a point is set |
| ` + "`any`" + ` | between any two rolls |
| ` + "`with_flat`" + ` | while the flat bet that it stands behind lies on a number |
| ` + "`new_hand`" + ` | before the first roll of a hand, which is a shooter's rolls up to the seven-out |
| ` + "`since_seven`" + ` | while nothing was rolled since the last 7, that of a come-out included, or since the game began |

## When a bet can be taken back

| locked | may be taken back |
|---|---|
| ` + "`never`" + ` | between any two rolls; commission that was paid comes back with the stake |
| ` + "`window_closed`" + ` | only while it could still be placed |
| ` + "`on_number`" + ` | only until the come bet has travelled |

A bet that is **off** on the come-out is passed by while no point is set: the roll neither wins nor loses it. Players can keep it
working instead. That changes how long it lives, and never its edge.

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
