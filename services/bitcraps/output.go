package bitcraps

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// output is a command's standard output. It remembers whether anything was written, and what went wrong with it: cobra's own
// Print drops that, and a full disk would look like a success.
type output struct {
	io.Writer
	written bool
	err     error
}

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	n, err := o.Writer.Write(b)
	o.written = o.written || n > 0
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// lines is the annotation of commands whose --json prints one object after the other, of which none says why it fails.
const lines = "lines"

// watchOutput has every command fail that could not print what it found, and one that fails with --json say why on its output
// too, as {"error": TEXT}, unless what it printed says so.
func watchOutput(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		watchOutput(sub)
	}
	run := cmd.RunE
	if run == nil {
		return
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		out := &output{Writer: cmd.OutOrStdout()}
		cmd.SetOut(out)
		err := run(cmd, args)
		if err == nil && out.err != nil {
			return fmt.Errorf("standard output: %w", out.err)
		}
		asJSON, _ := cmd.Flags().GetBool("json") // It is false where there is no such flag.
		if _, more := cmd.Annotations[lines]; err != nil && asJSON && (more || !out.written) {
			return errors.Join(err, json.NewEncoder(out).Encode(map[string]string{"error": err.Error()}))
		}
		return err
	}
}
