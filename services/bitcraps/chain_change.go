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
		Use: "join", Short: "Create the home of a validator that will join a chain", Args: cobra.NoArgs,
		Long: "Create the home of a validator that will join a chain. Start the validator with chain.peers naming validators of the\n" +
			"chain; it fetches the blocks. Then give its home's validator.json, which contains no secret, to the operator for\n" +
			"add-validator.",
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
	cmd.Flags().StringVar(&name, "name", "", "the validator's name, which must be unique")
	cmd.Flags().StringVar(&genesis, "genesis", "genesis.json", "the chain's genesis file, a copy of which is in every home")
	_ = cmd.MarkFlagRequired("name") // The flag exists.
	return cmd
}

// changeFlags are the flags of commands that change the validator set.
type changeFlags struct {
	chainFlags
	key  string
	json bool
}

func (f *changeFlags) bind(cmd *cobra.Command) {
	f.chainFlags.bind(cmd)
	cmd.Flags().StringVar(&f.key, "operator-key", "", "file with the operator's key, which chain init created; by default that of the fleet's chain")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
}

func (f *changeFlags) keyFile() string {
	if f.key != "" {
		return f.key
	}
	return filepath.Join(f.dir, "chain", "operator_key")
}

// submit sends the change to one validator after the other until one has it ordered, and prints the block that orders it.
func (f *changeFlags) submit(cmd *cobra.Command, sign func(ctx context.Context, client consensusv1.ConsensusServiceClient, terms *consensusv1.GetChangeTermsResponse) (int64, error)) error {
	return f.withValidators(func(all []validatorConn) error {
		var failed error
		for _, v := range all {
			terms, err := v.client().GetChangeTerms(cmd.Context(), &consensusv1.GetChangeTermsRequest{})
			var height int64
			if err == nil {
				height, err = sign(cmd.Context(), v.client(), terms)
			}
			if err == nil {
				return f.print(cmd, height)
			}
			failed = errors.Join(failed, fmt.Errorf("%s: %s", v.address, describeError(err)))
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
		Use: "add-validator VALIDATOR.JSON", Short: "Add a validator to the chain", Args: cobra.ExactArgs(1),
		Long: "Add a validator to the chain. The validators reshare the beacon's secret with it, and it votes from then on;\n" +
			"`bitcraps chain status` shows the progress. Start it first, so that it has the blocks and its share can be checked.",
		Example: "  bitcraps chain add-validator validator.json --operator-key operator_key --address 10.0.0.1:7003 --tls-dir tls",
		RunE: func(cmd *cobra.Command, args []string) error {
			document, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			return flags.submit(cmd, func(ctx context.Context, client consensusv1.ConsensusServiceClient, terms *consensusv1.GetChangeTermsResponse) (int64, error) {
				request, err := consensus.SignAddition(flags.keyFile(), document, terms)
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
		Use: "remove-validator NAME", Short: "Remove a validator from the chain", Args: cobra.ExactArgs(1),
		Long: "Remove a validator, given by its name or its address, from the chain. The others reshare the beacon's secret among\n" +
			"themselves, which makes its share worthless. Stop it once `bitcraps chain status` shows no pending change; until\n" +
			"then its vote may be needed.",
		Example: "  bitcraps chain remove-validator validator-2 --operator-key operator_key --address 10.0.0.1:7003 --tls-dir tls",
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.submit(cmd, func(ctx context.Context, client consensusv1.ConsensusServiceClient, terms *consensusv1.GetChangeTermsResponse) (int64, error) {
				address, err := validatorAddress(ctx, client, args[0])
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
		Use: "refresh-shares", Short: "Have the validators reshare the beacon's secret", Args: cobra.NoArgs,
		Long: "Have the validators reshare the beacon's secret among themselves. The group's key stays the same; old shares that\n" +
			"may have leaked become worthless, and a validator without a valid share gets one.",
		Example: "  bitcraps chain refresh-shares --operator-key operator_key --address 10.0.0.1:7003 --tls-dir tls",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return flags.submit(cmd, func(ctx context.Context, client consensusv1.ConsensusServiceClient, terms *consensusv1.GetChangeTermsResponse) (int64, error) {
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

// validatorAddress returns the address of a validator that is given by its name or its address.
func validatorAddress(ctx context.Context, client consensusv1.ConsensusServiceClient, name string) (string, error) {
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
	return "", fmt.Errorf("there is no validator %q; `bitcraps chain status` lists them", name)
}
