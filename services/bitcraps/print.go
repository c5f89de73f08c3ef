package bitcraps

import (
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/canonical"
)

// printJSON writes a message as one line of JSON.
func printJSON(out io.Writer, m proto.Message) error {
	text, err := canonical.JSON(m)
	if err == nil {
		_, err = fmt.Fprintf(out, "%s\n", text)
	}
	return err
}
