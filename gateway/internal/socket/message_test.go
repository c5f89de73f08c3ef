package socket

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzMessage checks that every accepted message is one JSON object with known fields only.
func FuzzMessage(f *testing.F) {
	for _, seed := range []string{`{"op":"ping"}`, `{"op":"subscribe","id":"a","game_id":"x","after_sequence":7}`, `{"op":"ping"}{}`, `{"op":"bet"}`, `[]`, `{"op":"ping","op":"bet"}`, "{\"op\":\"\xff\"}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parse(text)
		if err != nil {
			return
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil || c.Op != opPing && c.Op != opSubscribe && c.Op != opUnsubscribe || len(c.ID) > maxID {
			t.Fatalf("%q is parsed as %+v: %v", text, c, err)
		}
		for name := range fields {
			if !strings.Contains(" op id game_id after_sequence ", " "+name+" ") {
				t.Fatalf("%q has the field %s", text, name)
			}
		}
	})
}

func TestMessagesAreParsedStrictly(t *testing.T) {
	for _, text := range []string{`{"OP":"ping"}`, `{"op":"ping","op":"ping"}`, `{"op":"ping"} x`, `{"op":"ping"`, `{"op":["ping"]}`, `"ping"`, `{"op":"ping",}`, `{"op":1}`} {
		if c, err := parse([]byte(text)); err == nil {
			t.Errorf("%s is parsed as %+v", text, c)
		}
	}
}
