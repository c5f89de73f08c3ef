package bitcraps

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/libs/receipt"
)

func verifyCommand() *cobra.Command {
	var trustPath string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "verify RECEIPT", Short: "Check a receipt without a network", Args: cobra.ExactArgs(1),
		Long: "Check a receipt without a network: follow your bets from the commitment that bound them, through the block that\n" +
			"ordered it and the beacon that threw the dice, to what was paid. It prints every check, and fails at the first that\n" +
			"does not hold. Give it as --trust what the chain began with: its genesis file, or the answer of GET /api/v1/fairness\n" +
			"that you kept from before you played. It follows the validators from there to those who signed the receipt's block.\n" +
			"Without one it can't tell your chain from one that was made up.",
		Example: "  curl -s localhost:8080/api/v1/fairness > fairness.json\n" +
			"  curl -s -b jar localhost:8080/api/v1/games/$G/rounds/1/receipt > receipt.json\n" +
			"  bitcraps verify receipt.json --trust fairness.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readFile(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			trust, err := readTrust(trustPath)
			if err != nil {
				return err
			}
			account := receipt.Verify(text, trust)
			if err := printAccount(cmd.OutOrStdout(), account, asJSON); err != nil {
				return err
			}
			if err := account.Err(); err != nil {
				return fmt.Errorf("the receipt does not hold: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&trustPath, "trust", "", "the chain's genesis file, or a file with the answer of GET /api/v1/fairness from before you played")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each check as a JSON object on a line of its own")
	return cmd
}

// readFile reads a whole file; - is the standard input.
func readFile(path string, stdin io.Reader) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(path)
}

func readTrust(path string) (*receipt.Trust, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	trust, err := receipt.ParseTrust(text)
	if err != nil {
		return nil, fmt.Errorf("--trust %s: %w", path, err)
	}
	return trust, nil
}

// printAccount writes a line for each check.
func printAccount(out io.Writer, account receipt.Account, asJSON bool) error {
	for _, step := range account {
		verdict, text := "ok", step.Found
		if step.Err != nil {
			verdict, text = "FAILED", step.Err.Error()
		}
		var err error
		if asJSON {
			err = json.NewEncoder(out).Encode(struct {
				Step string `json:"step"`
				OK   bool   `json:"ok"`
				Text string `json:"text"`
			}{step.Name, step.Err == nil, text})
		} else {
			_, err = fmt.Fprintf(out, "%-6s  %-10s  %s\n", verdict, step.Name, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
