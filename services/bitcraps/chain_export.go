package bitcraps

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/protocol"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
)

func chainExportCommand() *cobra.Command {
	var flags chainFlags
	var from int64
	cmd := &cobra.Command{
		Use: "export", Short: "Print every decision of the chain, one line of JSON each", Args: cobra.NoArgs,
		Long: "Print every decision of the chain so far, one line of JSON each, in the order of the chain: a round's commitment,\n" +
			"the block that made it final, the beacon after that block, and the dice that follow. They are read from the first\n" +
			"validator that answers; all have the same.",
		Example: "  bitcraps chain export > decisions.jsonl\n  bitcraps chain export --from-height 1000 --address 10.0.0.1:7003 --tls-dir /etc/bitcraps/tls",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return flags.withValidators(func(all []validatorConn) error {
				for _, v := range all {
					tip, err := v.client().GetStatus(cmd.Context(), &consensusv1.GetStatusRequest{})
					if err == nil {
						return export(cmd.Context(), v.client(), from, tip.GetBeaconHeight()-1, cmd.OutOrStdout(), cmd.ErrOrStderr())
					}
				}
				return errors.New("no validator answers; `bitcraps chain status` shows why")
			})
		},
	}
	flags.bind(cmd)
	cmd.Flags().Int64Var(&from, "from-height", 1, "first block to export")
	return cmd
}

// exportLine is one line of the export.
type exportLine struct {
	Game         uuid.UUID `json:"game_id"`
	Round        uint64    `json:"round"`
	Height       int64     `json:"height"`
	BeaconHeight int64     `json:"beacon_height"`
	Commitment   string    `json:"commitment"`
	Signature    string    `json:"beacon_signature"`
	Dice         [2]uint8  `json:"dice"`
}

// export writes the decisions of the blocks from one height to another, inclusive.
func export(ctx context.Context, client consensusv1.ConsensusServiceClient, from, to int64, out, status io.Writer) error {
	if from > to {
		return nil
	}
	stream, err := client.StreamDecisions(ctx, &consensusv1.StreamDecisionsRequest{FromHeight: from, ToHeight: to})
	if err != nil {
		return err
	}
	advance, finish := progress(status, to-from+1, "exporting", "blocks")
	defer finish()
	done := from - 1
	lines := json.NewEncoder(out)
	for {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		line, err := newExportLine(resp.GetDecision())
		if err != nil {
			return err
		}
		if err := lines.Encode(line); err != nil {
			return err
		}
		advance(line.Height - done)
		done = line.Height
	}
}

func newExportLine(d *consensusv1.Decision) (exportLine, error) {
	commitment, err := protocol.DecodeCommitment(d.GetCommitment())
	if err != nil {
		return exportLine{}, fmt.Errorf("block %d: %w", d.GetHeight(), err)
	}
	signature, err := hex.DecodeString(d.GetBeacon().GetSignature())
	if err != nil {
		return exportLine{}, fmt.Errorf("beacon %d: %w", d.GetBeacon().GetHeight(), err)
	}
	first, second := protocol.Dice(beacon.Randomness(signature), commitment.Hash())
	return exportLine{Game: uuid.UUID(commitment.Game), Round: commitment.Round, Height: d.GetHeight(), BeaconHeight: d.GetBeacon().GetHeight(),
		Commitment: hex.EncodeToString(d.GetCommitment()), Signature: d.GetBeacon().GetSignature(), Dice: [2]uint8{first, second}}, nil
}
