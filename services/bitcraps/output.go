package bitcraps

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// output is a command's standard output. It remembers whether anything was written, and the first write error: cobra's Print ignores
// errors, so that a full disk would look like a success.
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

// jsonLines is the annotation of commands whose --json prints a stream of objects, none of which reports a failure.
const jsonLines = "lines"

// wrapOutput makes a command fail if its output could not be written. With --json, a failing command also prints the error on standard
// output, as {"error": TEXT}, unless it has already printed a report that contains it.
func wrapOutput(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		wrapOutput(sub)
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
		asJSON, _ := cmd.Flags().GetBool("json") // false where there is no such flag.
		if _, printsLines := cmd.Annotations[jsonLines]; err != nil && asJSON && (printsLines || !out.written) {
			return errors.Join(err, json.NewEncoder(out).Encode(map[string]string{"error": err.Error()}))
		}
		return err
	}
}
