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
		Use: "export", Short: "Print every decision of the chain, a line of JSON each", Args: cobra.NoArgs,
		Long: "Print every decision of the chain up to now, a line of JSON each, in their order: the commitment that stands under a\n" +
			"round, the block that made it final, the beacon after it, and the dice that follow. The first validator that answers\n" +
			"is asked; all have the same.",
		Example: "  bitcraps chain export > decisions.jsonl\n  bitcraps chain export --from-height 1000 --address 10.0.0.1:7003 --tls-dir /etc/bitcraps/tls",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return flags.with(func(all []validatorConn) error {
				for _, v := range all {
					tip, err := v.client().GetStatus(cmd.Context(), &consensusv1.GetStatusRequest{})
					if err == nil {
						return export(cmd.Context(), v.client(), from, tip.GetBeaconHeight()-1, cmd.OutOrStdout(), cmd.ErrOrStderr())
					}
				}
				return errors.New("no validator answers; ask `bitcraps chain status` why")
			})
		},
	}
	flags.bind(cmd)
	cmd.Flags().Int64Var(&from, "from-height", 1, "first block of interest")
	return cmd
}

// exported is a line of the export.
type exported struct {
	Game         uuid.UUID `json:"game_id"`
	Round        uint64    `json:"round"`
	Height       int64     `json:"height"`
	BeaconHeight int64     `json:"beacon_height"`
	Commitment   string    `json:"commitment"`
	Signature    string    `json:"beacon_signature"`
	Dice         [2]uint8  `json:"dice"`
}

// export writes the decisions of the blocks between two heights, both included.
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
		line, err := lineOf(resp.GetDecision())
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

func lineOf(d *consensusv1.Decision) (exported, error) {
	commitment, err := protocol.DecodeCommitment(d.GetCommitment())
	if err != nil {
		return exported{}, fmt.Errorf("block %d: %w", d.GetHeight(), err)
	}
	signature, err := hex.DecodeString(d.GetBeacon().GetSignature())
	if err != nil {
		return exported{}, fmt.Errorf("beacon %d: %w", d.GetBeacon().GetHeight(), err)
	}
	first, second := protocol.Dice(beacon.Randomness(signature), commitment.Hash())
	return exported{Game: uuid.UUID(commitment.Game), Round: commitment.Round, Height: d.GetHeight(), BeaconHeight: d.GetBeacon().GetHeight(),
		Commitment: hex.EncodeToString(d.GetCommitment()), Signature: d.GetBeacon().GetSignature(), Dice: [2]uint8{first, second}}, nil
}
