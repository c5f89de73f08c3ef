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

// Protocol is the subprotocol that clients must request. docs/live.md describes it.
const Protocol = "bitcraps.v1"

// The operations that a client can request.
const (
	opSubscribe   = "subscribe"
	opUnsubscribe = "unsubscribe"
	opPing        = "ping"
)

// command is a message from the client.
type command struct {
	Op, ID, GameID string
	AfterSequence  uint64
}

// maxID is the maximum length of a command's id in bytes.
const maxID = 64

// parse parses a command as strictly as REST bodies are parsed: field names are case-sensitive, none may be repeated, and nothing may
// follow the object.
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
			return c, errors.New("a field is unknown or repeated")
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

// reply is a message from the server that is neither an event nor presence.
type reply struct {
	Type          string          `json:"type"`
	ID            string          `json:"id,omitempty"`
	GameID        string          `json:"game_id,omitempty"`
	PlayerID      string          `json:"player_id,omitempty"`
	AfterSequence *uint64         `json:"after_sequence,omitempty"`
	Subscriptions int             `json:"max_subscriptions,omitempty"`
	Error         json.RawMessage `json:"error,omitempty"`
}

// text returns the reply as JSON. Encoding its strings, numbers and JSON can't fail.
func (r reply) text() []byte {
	text, err := json.Marshal(r)
	if err != nil {
		return []byte(`{"type":"error"}`)
	}
	return text
}

// statusOf renders an error as google.rpc.Status, as REST does.
func statusOf(err error) json.RawMessage {
	text, broken := canonical.JSON(status.Convert(errs.Mask(err)).Proto())
	if broken != nil {
		return nil
	}
	return text
}
