package bitcraps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/status"

	"github.com/bitcraps/bitcraps/libs/canonical"
	"github.com/bitcraps/bitcraps/libs/errs"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

func chainStatusCommand() *cobra.Command {
	var flags chainFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Show the status of every validator and of the chain", Args: cobra.NoArgs,
		Long: "Show the status of every validator and of the chain. It fails if fewer validators answer than a quorum.\n\n" +
			"The validators of `bitcraps up` listen on no port, so this is for those of a fleet or of other machines.",
		Example: "  bitcraps chain status\n  bitcraps chain status --address 10.0.0.1:7003 --address 10.0.0.2:7003 --tls-dir /etc/bitcraps/tls --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return flags.withValidators(func(all []validatorConn) error {
				results := queryAll(cmd.Context(), all)
				if asJSON {
					if err := printStatusJSON(cmd.OutOrStdout(), results); err != nil {
						return err
					}
				} else if err := printStatus(cmd.OutOrStdout(), results); err != nil {
					return err
				}
				return requireQuorum(results)
			})
		},
	}
	flags.bind(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// statusResult is a validator's status, or why it could not be queried.
type statusResult struct {
	address string
	status  *consensusv1.GetStatusResponse
	err     error
}

func queryAll(ctx context.Context, all []validatorConn) []statusResult {
	results := make([]statusResult, len(all))
	var queries sync.WaitGroup
	for i, v := range all {
		queries.Go(func() {
			status, err := v.client().GetStatus(ctx, &consensusv1.GetStatusRequest{})
			results[i] = statusResult{v.address, status, err}
		})
	}
	queries.Wait()
	return results
}

// highest is the status of the validator with the greatest height; nil where none answered.
func highest(results []statusResult) *consensusv1.GetStatusResponse {
	var best *consensusv1.GetStatusResponse
	for _, a := range results {
		if a.err == nil && (best == nil || a.status.GetHeight() > best.GetHeight()) {
			best = a.status
		}
	}
	return best
}

// requireQuorum fails where the validators that answered are not a quorum.
func requireQuorum(results []statusResult) error {
	answered := 0
	for _, a := range results {
		if a.err == nil {
			answered++
		}
	}
	best := highest(results)
	if best == nil {
		return errors.New("no validator answers")
	}
	if answered < int(best.GetQuorum()) {
		return fmt.Errorf("%d of %d validators answer; a quorum is %d", answered, len(results), best.GetQuorum())
	}
	return nil
}

func printStatus(out io.Writer, results []statusResult) error {
	table, best := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0), highest(results)
	fmt.Fprintln(table, "VALIDATOR\tADDRESS\tHEIGHT\tBEHIND\tCONNECTED\tBEACON\tSTATE")
	for _, a := range results {
		if a.err != nil {
			fmt.Fprintf(table, "-\t%s\t-\t-\t-\t-\t%s\n", a.address, describeError(a.err))
			continue
		}
		state := "ok"
		if a.status.GetCatchingUp() {
			state = "catching up"
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d of %d\t%d\t%s\n", a.status.GetName(), a.address, a.status.GetHeight(),
			best.GetHeight()-a.status.GetHeight(), a.status.GetConnected(), a.status.GetN(), a.status.GetBeaconHeight(), state)
	}
	if err := table.Flush(); err != nil || best == nil {
		return err
	}
	return printChain(out, best)
}

// printChain prints what all validators agree on.
func printChain(out io.Writer, s *consensusv1.GetStatusResponse) error {
	fmt.Fprintf(out, "chain %s: n = %d, tolerates f = %d, a quorum is %d; protocol version %d\n", s.GetChainId(), s.GetN(), s.GetF(), s.GetQuorum(), s.GetProtocolVersion())
	line := fmt.Sprintf("beacon key: epoch %d", s.GetEpoch())
	if s.GetCeremony() != "" {
		line += ", a ceremony is " + s.GetCeremony()
	}
	if len(s.GetPending()) > 0 {
		line += ", pending: " + strings.Join(s.GetPending(), ", ")
	}
	_, err := fmt.Fprintln(out, line)
	return err
}

// describeError describes in a few words why there was no answer.
func describeError(err error) string {
	if errs.Reason(errs.Mask(err)) == errorsv1.Reason_REASON_UNAVAILABLE {
		return "does not answer"
	}
	return status.Convert(err).Message()
}

func printStatusJSON(out io.Writer, results []statusResult) error {
	type line struct {
		Address string          `json:"address"`
		Status  json.RawMessage `json:"status,omitempty"`
		Error   string          `json:"error,omitempty"`
	}
	lines := make([]line, len(results))
	for i, a := range results {
		lines[i].Address = a.address
		if a.err != nil {
			lines[i].Error = describeError(a.err)
			continue
		}
		text, err := canonical.JSON(a.status)
		if err != nil {
			return err
		}
		lines[i].Status = text
	}
	return json.NewEncoder(out).Encode(map[string]any{"validators": lines})
}
