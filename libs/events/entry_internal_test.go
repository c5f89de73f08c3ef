package events

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// reading is a bus of strings that reads entries, and has no server.
func reading() *Redis[string] {
	return &Redis[string]{Local: NewLocal[string](8), origin: "me", codec: Codec[string]{
		Encode: func(s string) ([]byte, error) { return []byte(s), nil },
		Decode: func(b []byte) (string, error) { return string(b), nil },
	}}
}

// read is an entry as the server gives it back.
func read(origin string, number uint64, e entry) received {
	r := received{fieldOrigin: origin, fieldNumber: fmt.Sprint(number)}
	for pair := range slices.Chunk(e.fields, 2) {
		value := fmt.Sprint(pair[1])
		if payload, ok := pair[1].([]byte); ok {
			value = string(payload)
		}
		r[pair[0].(string)] = value
	}
	return r
}

func TestAnEntryTellsOfAllItsEvents(t *testing.T) {
	b, r := reading(), &reader{numbers: map[string]uint64{"other": 7}}
	cause := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: 1, Remote: true})
	var e entry
	for i, payload := range [][]byte{[]byte("first"), nil, []byte("third")} {
		e.add(told{topic: "a", sequence: uint64(i + 1), cause: telemetry.Traceparent(cause), payload: payload})
	}
	watched, other := b.hub.Subscribe("a"), b.hub.Subscribe("b")
	defer watched.Close()
	defer other.Close()
	b.receive(r, read("other", 10, e))
	for _, want := range []Notice[string]{{Sequence: 1, Value: "first", Cause: cause}, {}, {Sequence: 3, Value: "third", Cause: cause}} {
		if got := <-watched.C; !got.Cause.Equal(want.Cause) || got.Sequence != want.Sequence || got.Value != want.Value {
			t.Errorf("told of %+v, want %+v", got, want)
		}
	}
	if len(watched.C)+len(other.C) > 0 {
		t.Error("told of more")
	}
	if b.gap.Load() || r.numbers["other"] != 10 {
		t.Errorf("gap %v behind number %d", b.gap.Load(), r.numbers["other"])
	}
}

func TestNumbersShowWhatWasMissed(t *testing.T) {
	var one, three entry
	one.add(told{topic: "a", sequence: 1})
	for i := range uint64(3) {
		three.add(told{topic: "a", sequence: i})
	}
	for name, tc := range map[string]struct {
		number uint64
		entry  entry
		gap    bool
	}{
		"one event, none missed":    {8, one, false},
		"three events, none missed": {10, three, false},
		"no event, none missed":     {8, entry{}, false},
		"one missed before three":   {11, three, true},
		"three behind a restart":    {3, three, true},
		"lost events before none":   {9, entry{}, true},
	} {
		b, r := reading(), &reader{numbers: map[string]uint64{"other": 7}}
		b.receive(r, read("other", tc.number, tc.entry))
		if b.gap.Load() != tc.gap {
			t.Errorf("%s: gap %v", name, b.gap.Load())
		}
	}
}

// TestAnEntryOfOneEventIsAsItAlwaysWas keeps what releases read that know one event in an entry.
func TestAnEntryOfOneEventIsAsItAlwaysWas(t *testing.T) {
	var e entry
	e.add(told{topic: "a", sequence: 5, payload: []byte("x")})
	if got, want := fmt.Sprint(e.fields...), fmt.Sprint("t", "a", "s", uint64(5), "e", []byte("x")); got != want || e.numbers() != 1 {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAnEntryIsBounded(t *testing.T) {
	var e entry
	large := told{topic: "a", payload: bytes.Repeat([]byte("x"), maxPayload)}
	if !e.holds(large) {
		t.Error("an entry has no room for the largest event")
	}
	e.add(large)
	if e.holds(told{topic: "a"}) {
		t.Error("it has room for another one beside it")
	}
	e = entry{}
	for event := (told{topic: strings.Repeat("t", 36), cause: strings.Repeat("c", 55)}); e.holds(event); {
		e.add(event)
	}
	if e.size > maxPayload || e.events != maxPayload/91 {
		t.Errorf("%d events of %d bytes", e.events, e.size)
	}
}
