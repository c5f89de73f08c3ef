package game

import (
	"io"

	"github.com/bitcraps/bitcraps/services/game/internal/lab"
)

// ScriptOptions are what a script's table is like.
type ScriptOptions = lab.Options

// RunScript plays a script at a table of its own, by the rules that the service plays by, and writes a JSON object for
// everything that happens, each on a line of its own. refused is how many commands the table refused; a line that is no
// command is an error.
func RunScript(script io.Reader, out io.Writer, options ScriptOptions) (refused int, err error) {
	run, err := lab.Run(script, out, options)
	return run.Refused, err
}
