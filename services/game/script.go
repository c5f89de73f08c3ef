package game

import (
	"io"

	"github.com/bitcraps/bitcraps/services/game/internal/lab"
)

// ScriptOptions configure a script's table.
type ScriptOptions = lab.Options

// RunScript plays a script at a table of its own, by the rules of the service, and writes a JSON object for every event, one per
// line. refused is how many commands the table refused; a line that is not a command is an error.
func RunScript(script io.Reader, out io.Writer, options ScriptOptions) (refused int, err error) {
	return lab.Run(script, out, options)
}
