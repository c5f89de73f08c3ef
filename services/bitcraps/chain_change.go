package bitcraps

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/consensus"
)

func chainJoinCommand() *cobra.Command {
	var home, name, genesis string
	cmd := &cobra.Command{
		Use: "join", Short: "Make the home of a validator that is to join a chain", Args: cobra.NoArgs,
		Long: "Make the home of a validator that is to join a chain. Start it with chain.peers naming validators of the chain; it\n" +
			"fetches the blocks. Then give the home's validator.json, which holds no secret, to the operator for add-validator.",
		Example: "  bitcraps chain join --home data/validator-4 --name validator-4 --genesis genesis.json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			document, err := os.ReadFile(genesis)
			if err != nil {
				return err
			}
			if err := consensus.NewHome(home, name, document); err != nil {
				return err
			}
			id, err := consensus.PeerID(home)
			cmd.Printf("%s  peer id %s\n", home, id)
			return err
		},
	}
	cmd.Flags().StringVar(&home, "home", "data/consensus/validator", "folder for the validator's home")
	cmd.Flags().StringVar(&name, "name", "", "the validator's name, unlike all others")
	cmd.Flags().StringVar(&genesis, "genesis", "genesis.json", "the chain's genesis file, as every home has it")
	_ = cmd.MarkFlagRequired("name") // The flag exists.
	return cmd
}

// changeFlags are what commands take that change who the validators are.
type changeFlags struct {
	chainFlags
	key  string
	json bool
}

func (f *changeFlags) bind(cmd *cobra.Command) {
	f.chainFlags.bind(cmd)
	cmd.Flags().StringVar(&f.key, "operator-key", "", "file with the operator's key, as chain init made it; where it is not given, that of the fleet's chain")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
}

func (f *changeFlags) keyFile() string {
	if f.key != "" {
		return f.key
	}
	return filepath.Join(f.dir, "chain", "operator_key")
}

// change asks the validators in turn until one has the change ordered, and prints which block orders it.
func (f *changeFlags) change(cmd *cobra.Command, order func(ctx context.Context, client consensusv1.ConsensusServiceClient, terms *consensusv1.GetChangeTermsResponse) (int64, error)) error {
	return f.with(func(all []validatorConn) error {
		var failed error
		for _, v := range all {
			terms, err := v.client().GetChangeTerms(cmd.Context(), &consensusv1.GetChangeTermsRequest{})
			var height int64
			if err == nil {
				height, err = order(cmd.Context(), v.client(), terms)
			}
			if err == nil {
				return f.print(cmd, height)
			}
			failed = errors.Join(failed, fmt.Errorf("%s: %s", v.address, why(err)))
		}
		return failed
	})
}

func (f *changeFlags) print(cmd *cobra.Command, height int64) error {
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"height": height})
	}
	cmd.Printf("ordered by block %d\n", height)
	return nil
}

func chainAddCommand() *cobra.Command {
	var flags changeFlags
	cmd := &cobra.Command{
		Use: "add-validator VALIDATOR.JSON", Short: "Have the validators take a new one in", Args: cobra.ExactArgs(1),
		Long: "Have the validators take a new one in. They share the beacon's secret anew with it, and it votes once they have;\n" +
			"`bitcraps chain status` shows that. Start it first, so that it has the blocks and its share is checked.",
		Example: "  bitcraps chain add-validator validator.json --operator-key operator_key --address 10.0.0.1:7003 --tls-dir tls",
		RunE: func(cmd *cobra.Command, args []string) error {
			card, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			return flags.change(cmd, func(ctx context.Context, client consensusv1.ConsensusServiceClient, terms *consensusv1.GetChangeTermsResponse) (int64, error) {
				request, err := consensus.SignAddition(flags.keyFile(), card, terms)
				if err != nil {
					return 0, err
				}
				resp, err := client.AddValidator(ctx, request)
				return resp.GetHeight(), err
			})
		},
	}
	flags.bind(cmd)
	return cmd
}

func chainRemoveCommand() *cobra.Command {
	var flags changeFlags
	cmd := &cobra.Command{
		Use: "remove-validator NAME", Short: "Have the validators go on without one of them", Args: cobra.ExactArgs(1),
		Long: "Have the validators go on without one of them, which is named by its name or its address. They share the beacon's\n" +
			"secret anew among themselves, and its share is worth nothing then. Stop it once `bitcraps chain status` shows no\n" +
			"pending change; until then its vote may be needed.",
		Example: "  bitcraps chain remove-validator validator-2 --operator-key operator_key --address 10.0.0.1:7003 --tls-dir tls",
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.change(cmd, func(ctx context.Context, client consensusv1.ConsensusServiceClient, terms *consensusv1.GetChangeTermsResponse) (int64, error) {
				address, err := addressOf(ctx, client, args[0])
				if err != nil {
					return 0, err
				}
				request, err := consensus.SignRemoval(flags.keyFile(), address, terms)
				if err != nil {
					return 0, err
				}
				resp, err := client.RemoveValidator(ctx, request)
				return resp.GetHeight(), err
			})
		},
	}
	flags.bind(cmd)
	return cmd
}

func chainRefreshCommand() *cobra.Command {
	var flags changeFlags
	cmd := &cobra.Command{
		Use: "refresh-shares", Short: "Have the validators share the beacon's secret anew", Args: cobra.NoArgs,
		Long: "Have the validators share the beacon's secret anew among themselves. The key stays; whatever was known of their shares\n" +
			"is worth nothing then, and a validator that had no good share gets one.",
		Example: "  bitcraps chain refresh-shares --operator-key operator_key --address 10.0.0.1:7003 --tls-dir tls",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return flags.change(cmd, func(ctx context.Context, client consensusv1.ConsensusServiceClient, terms *consensusv1.GetChangeTermsResponse) (int64, error) {
				request, err := consensus.SignRefresh(flags.keyFile(), terms)
				if err != nil {
					return 0, err
				}
				resp, err := client.RefreshShares(ctx, request)
				return resp.GetHeight(), err
			})
		},
	}
	flags.bind(cmd)
	return cmd
}

// addressOf finds a validator by its name. What is an address already stays as it is.
func addressOf(ctx context.Context, client consensusv1.ConsensusServiceClient, name string) (string, error) {
	if b, err := hex.DecodeString(name); err == nil && len(b) == 20 {
		return name, nil
	}
	status, err := client.GetStatus(ctx, &consensusv1.GetStatusRequest{})
	if err != nil {
		return "", err
	}
	for _, v := range status.GetValidators() {
		if v.GetName() == name {
			return v.GetAddress(), nil
		}
	}
	return "", fmt.Errorf("no validator is called %q; `bitcraps chain status` names them", name)
}
