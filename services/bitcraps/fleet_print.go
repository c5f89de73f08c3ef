package bitcraps

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
)

// print prints the state of every process.
func (f *fleetFlags) print(cmd *cobra.Command, all *fleet.Fleet) error {
	states, gateways := all.Status(cmd.Context()), []string{}
	for _, state := range states {
		if strings.HasPrefix(state.Name, identity.Gateway) {
			gateways = append(gateways, state.Address)
		}
	}
	out := cmd.OutOrStdout()
	if f.json {
		return json.NewEncoder(out).Encode(map[string]any{"gateways": gateways, "processes": states})
	}
	if err := printStates(out, states); err != nil {
		return err
	}
	for _, state := range states {
		if strings.HasPrefix(state.Name, identity.Gateway) && state.State == fleet.Ready {
			fmt.Fprintln(out, "ready "+state.Address)
		}
	}
	return nil
}

func printStates(out io.Writer, states []fleet.State) error {
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "NAME\tSTATE\tPID\tADDRESS\tADMIN\tLOG")
	for _, s := range states {
		fmt.Fprintf(columns, "%s\t%s\t%d\t%s\t%s\t%s\n", s.Name, s.State, s.PID, s.Address, s.Admin, s.Log)
	}
	return columns.Flush()
}
