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
		Use: "status", Short: "Ask every validator how it and its chain are", Args: cobra.NoArgs,
		Long: "Ask every validator how it and its chain are. It fails where fewer answer than decide a block.\n\n" +
			"The validators of `bitcraps up` listen on no port; those of a fleet and of other machines do.",
		Example: "  bitcraps chain status\n  bitcraps chain status --address 10.0.0.1:7003 --address 10.0.0.2:7003 --tls-dir /etc/bitcraps/tls --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return flags.with(func(all []validatorConn) error {
				answers := askAll(cmd.Context(), all)
				if asJSON {
					if err := printStatusJSON(cmd.OutOrStdout(), answers); err != nil {
						return err
					}
				} else if err := printStatus(cmd.OutOrStdout(), answers); err != nil {
					return err
				}
				return enough(answers)
			})
		},
	}
	flags.bind(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// statusAnswer is what came of asking one validator.
type statusAnswer struct {
	address string
	status  *consensusv1.GetStatusResponse
	err     error
}

func askAll(ctx context.Context, all []validatorConn) []statusAnswer {
	answers := make([]statusAnswer, len(all))
	var asking sync.WaitGroup
	for i, v := range all {
		asking.Go(func() {
			status, err := v.client().GetStatus(ctx, &consensusv1.GetStatusRequest{})
			answers[i] = statusAnswer{v.address, status, err}
		})
	}
	asking.Wait()
	return answers
}

// most is the status of the validator that has seen the most, nil where none answered.
func most(answers []statusAnswer) *consensusv1.GetStatusResponse {
	var best *consensusv1.GetStatusResponse
	for _, a := range answers {
		if a.err == nil && (best == nil || a.status.GetHeight() > best.GetHeight()) {
			best = a.status
		}
	}
	return best
}

// enough fails where those who answer are no quorum.
func enough(answers []statusAnswer) error {
	answer := 0
	for _, a := range answers {
		if a.err == nil {
			answer++
		}
	}
	best := most(answers)
	if best == nil {
		return errors.New("no validator answers")
	}
	if answer < int(best.GetQuorum()) {
		return fmt.Errorf("%d of %d validators answer; %d decide a block", answer, len(answers), best.GetQuorum())
	}
	return nil
}

func printStatus(out io.Writer, answers []statusAnswer) error {
	table, best := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0), most(answers)
	fmt.Fprintln(table, "VALIDATOR\tADDRESS\tHEIGHT\tBEHIND\tCONNECTED\tBEACON\tSTATE")
	for _, a := range answers {
		if a.err != nil {
			fmt.Fprintf(table, "-\t%s\t-\t-\t-\t-\t%s\n", a.address, why(a.err))
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

// printChain says what all validators agree on.
func printChain(out io.Writer, s *consensusv1.GetStatusResponse) error {
	fmt.Fprintf(out, "chain %s: n = %d, bears f = %d, a quorum is %d; protocol version %d\n", s.GetChainId(), s.GetN(), s.GetF(), s.GetQuorum(), s.GetProtocolVersion())
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

// why says in few words what came instead of an answer.
func why(err error) string {
	if errs.Reason(errs.Mask(err)) == errorsv1.Reason_REASON_UNAVAILABLE {
		return "does not answer"
	}
	return status.Convert(err).Message()
}

func printStatusJSON(out io.Writer, answers []statusAnswer) error {
	type line struct {
		Address string          `json:"address"`
		Status  json.RawMessage `json:"status,omitempty"`
		Error   string          `json:"error,omitempty"`
	}
	lines := make([]line, len(answers))
	for i, a := range answers {
		lines[i].Address = a.address
		if a.err != nil {
			lines[i].Error = why(a.err)
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
