package socket

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc/status"

	"github.com/bitcraps/bitcraps/libs/canonical"
	"github.com/bitcraps/bitcraps/libs/errs"
)

// Protocol is the subprotocol that a client must ask for. What it says is in docs/live.md.
const Protocol = "bitcraps.v1"

// The operations that a client asks for.
const (
	opSubscribe   = "subscribe"
	opUnsubscribe = "unsubscribe"
	opPing        = "ping"
)

// command is a message of a client's.
type command struct {
	Op, ID, GameID string
	AfterSequence  uint64
}

// maxID is how long the id of a command may be, in bytes.
const maxID = 64

// parse reads a command as strictly as REST reads a body: names as they are written here, each once, and nothing behind it.
func parse(text []byte) (command, error) {
	var c command
	decoder := json.NewDecoder(bytes.NewReader(text))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return c, errMessage
	}
	fields := map[string]any{"op": &c.Op, "id": &c.ID, "game_id": &c.GameID, "after_sequence": &c.AfterSequence}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return c, errMessage
		}
		field, ok := fields[name.(string)] // Names are strings, or Token fails.
		if !ok {
			return c, errors.New("a field is unknown or there twice")
		}
		delete(fields, name.(string))
		if decoder.Decode(field) != nil {
			return c, errMessage
		}
	}
	if _, err := decoder.Token(); err != nil {
		return c, errMessage
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return c, errMessage
	}
	return c, c.check()
}

var errMessage = errors.New("not a message of this protocol")

func (c command) check() error {
	switch c.Op {
	case opSubscribe, opUnsubscribe, opPing:
	default:
		return errors.New("unknown op")
	}
	if len(c.ID) > maxID {
		return fmt.Errorf("id is longer than %d bytes", maxID)
	}
	return nil
}

// reply is a message of the server's that is neither an event nor presence.
type reply struct {
	Type          string          `json:"type"`
	ID            string          `json:"id,omitempty"`
	GameID        string          `json:"game_id,omitempty"`
	PlayerID      string          `json:"player_id,omitempty"`
	AfterSequence *uint64         `json:"after_sequence,omitempty"`
	Subscriptions int             `json:"max_subscriptions,omitempty"`
	Error         json.RawMessage `json:"error,omitempty"`
}

// text is the reply as JSON. Its parts are strings, numbers and JSON, which can be written.
func (r reply) text() []byte {
	text, err := json.Marshal(r)
	if err != nil {
		return []byte(`{"type":"error"}`)
	}
	return text
}

// status is an error as REST renders it: google.rpc.Status.
func statusOf(err error) json.RawMessage {
	text, broken := canonical.JSON(status.Convert(errs.Mask(err)).Proto())
	if broken != nil {
		return nil
	}
	return text
}
