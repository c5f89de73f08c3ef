package bitcraps

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/libs/receipt"
)

func verifyCommand() *cobra.Command {
	var trustPath, game string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "verify RECEIPT...", Short: "Verify receipts offline", Args: cobra.MinimumNArgs(1),
		Long: "Verify receipts offline: follow your bets from the commitment that bound them, through the block that ordered it\n" +
			"and the beacon that determined the dice, to the payout. It prints every check, and fails at the first that does not\n" +
			"hold. With --trust, give it the chain's origin: its genesis file, or the answer of GET /api/v1/fairness that you\n" +
			"saved before you played. It follows the validator sets from there to the one that signed the receipt's block.\n" +
			"Without --trust it can't distinguish your chain from a forged one.\n\n" +
			"With --game, give it the id of the game in which you bet, as it was shown to you then. The house may have rolled for\n" +
			"the same bets in several games and sent the receipt that it liked; without --game, compare the id yourself.\n\n" +
			"Given all receipts of a game, it also checks that each round follows from the previous one and its dice, and\n" +
			"names missing rounds. A single receipt can't show that.",
		Example: "  curl -s localhost:8080/api/v1/fairness > fairness.json\n" +
			"  curl -s -b jar localhost:8080/api/v1/games/$G/rounds/1/receipt > receipt.json\n" +
			"  bitcraps verify receipt.json --trust fairness.json --game $G\n" +
			"  bitcraps verify game/*.json --trust fairness.json --game $G",
		RunE: func(cmd *cobra.Command, args []string) error {
			trust, err := readTrust(trustPath)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("game") && game == "" {
				return errors.New("--game: is empty; give the id of the game in which you bet")
			}
			return verifyFiles(args, trust, game, cmd.InOrStdin(), &receiptPrinter{out: cmd.OutOrStdout(), json: asJSON, several: len(args) > 1})
		},
	}
	cmd.Flags().StringVar(&trustPath, "trust", "", "the chain's genesis file, or the answer of GET /api/v1/fairness, saved before you played")
	cmd.Flags().StringVar(&game, "game", "", "the id of the game in which you bet, as it was shown to you then")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each check as a JSON object on a line of its own")
	return cmd
}

// verifyFiles verifies each receipt and, where there are several, that they follow from one another.
func verifyFiles(paths []string, trust *receipt.Trust, game string, stdin io.Reader, out *receiptPrinter) error {
	sequence := receipt.Sequence{Game: game}
	var firstErr error
	for _, path := range paths {
		text, err := readFile(path, stdin)
		if err != nil {
			return err
		}
		report := sequence.Add(text, trust)
		if err := out.print(path, report); err != nil {
			return err
		}
		if err := report.Err(); err != nil && firstErr == nil {
			firstErr = fmt.Errorf("the receipt does not hold: %s", receipt.Printable(err.Error()))
		}
	}
	if !out.several || firstErr != nil {
		return firstErr
	}
	report := receipt.Report{sequence.Check()}
	if err := out.print("", report); err != nil {
		return err
	}
	if err := report.Err(); err != nil {
		return fmt.Errorf("the receipts do not follow from one another: %s", receipt.Printable(err.Error()))
	}
	return nil
}

// readFile reads a whole file; "-" is standard input.
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
		return nil, errors.New(receipt.Printable(fmt.Sprintf("--trust %s: %v", path, err)))
	}
	return trust, nil
}

// receiptPrinter prints the checks. A receipt is untrusted, so its text is never printed unescaped.
type receiptPrinter struct {
	out           io.Writer
	json, several bool
}

// print writes a line for each check; where there are several receipts, it writes the file's name first.
func (p *receiptPrinter) print(path string, report receipt.Report) error {
	if !p.several {
		path = ""
	}
	if path != "" && !p.json {
		if _, err := fmt.Fprintf(p.out, "%s\n", receipt.Printable(path)); err != nil {
			return err
		}
	}
	for _, step := range report {
		verdict, text := "ok", step.Found
		if step.Err != nil {
			verdict, text = "FAILED", step.Err.Error()
		}
		text = receipt.Printable(text)
		var err error
		if p.json {
			err = json.NewEncoder(p.out).Encode(struct {
				Receipt string `json:"receipt,omitempty"`
				Step    string `json:"step"`
				OK      bool   `json:"ok"`
				Text    string `json:"text"`
			}{path, step.Name, step.Err == nil, text})
		} else {
			_, err = fmt.Fprintf(p.out, "%-6s  %-10s  %s\n", verdict, step.Name, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
