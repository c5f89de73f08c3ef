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

// reading returns a bus of strings that reads entries, without a server.
func reading() *Redis[string] {
	return &Redis[string]{Local: NewLocal[string](8), origin: "me", codec: Codec[string]{
		Encode: func(s string) ([]byte, error) { return []byte(s), nil },
		Decode: func(b []byte) (string, error) { return string(b), nil },
	}}
}

// read returns an entry as the server would return it.
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

func TestEntryDeliversAllItsEvents(t *testing.T) {
	b, r := reading(), &reader{numbers: map[string]uint64{"other": 7}}
	cause := func(id byte) trace.SpanContext {
		return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{id}, SpanID: trace.SpanID{id}, TraceFlags: 1, Remote: true})
	}
	var e entry
	e.add(encodedEvent{topic: "a", sequence: 1, cause: telemetry.Traceparent(cause(1)), payload: []byte("first")})
	e.add(encodedEvent{topic: "", sequence: 9, payload: []byte("of nothing")})
	e.add(encodedEvent{topic: "b", sequence: 2})
	e.add(encodedEvent{topic: "a", sequence: 3, cause: telemetry.Traceparent(cause(4)), payload: []byte("fourth")})
	watched := map[string]*Subscription[Notice[string]]{"a": b.hub.Subscribe("a"), "b": b.hub.Subscribe("b"), "": b.hub.Subscribe(""), "c": b.hub.Subscribe("c")}
	b.receive(r, read("other", 7+numbers(e.events), e))
	for topic, want := range map[string][]Notice[string]{
		"a": {{Sequence: 1, Value: "first", Cause: cause(1)}, {Sequence: 3, Value: "fourth", Cause: cause(4)}},
		"b": {{}},
		"":  {{Sequence: 9, Value: "of nothing"}},
		"c": nil,
	} {
		var got []Notice[string]
		for len(watched[topic].C) > 0 {
			got = append(got, <-watched[topic].C)
		}
		if !slices.EqualFunc(got, want, func(a, b Notice[string]) bool {
			return a.Sequence == b.Sequence && a.Value == b.Value && a.Cause.Equal(b.Cause)
		}) {
			t.Errorf("the watchers of %q got %+v, want %+v", topic, got, want)
		}
	}
	if b.gap.Load() || r.numbers["other"] != 11 {
		t.Errorf("gap %v after number %d", b.gap.Load(), r.numbers["other"])
	}
}

func TestNumbersRevealMissedEvents(t *testing.T) {
	var one, three entry
	one.add(encodedEvent{topic: "a", sequence: 1})
	for i := range uint64(3) {
		three.add(encodedEvent{topic: "a", sequence: i})
	}
	for name, tc := range map[string]struct {
		origin string
		number uint64
		entry  entry
		gap    bool
	}{
		"one event, none missed":       {"other", 8, one, false},
		"three events, none missed":    {"other", 10, three, false},
		"no event, none missed":        {"other", 8, entry{}, false},
		"one missed before three":      {"other", 11, three, true},
		"lost events before none":      {"other", 9, entry{}, true},
		"decreasing numbers":           {"other", 3, three, true},
		"a new process":                {"new", 3, three, false},
		"a new process, one is missed": {"new", 4, three, true},
	} {
		b, r := reading(), &reader{numbers: map[string]uint64{"other": 7}}
		b.receive(r, read(tc.origin, tc.number, tc.entry))
		if b.gap.Load() != tc.gap {
			t.Errorf("%s: gap %v", name, b.gap.Load())
		}
	}
}

// TestFirstEventKeepsItsFieldNames keeps what earlier releases read, which expect one event in an entry.
func TestFirstEventKeepsItsFieldNames(t *testing.T) {
	var e entry
	e.add(encodedEvent{topic: "a", sequence: 5, cause: "trace", payload: []byte("x")})
	e.add(encodedEvent{topic: "b", sequence: 6})
	if got, want := fmt.Sprint(e.fields), fmt.Sprint([]any{"t", "a", "s", uint64(5), "c", "trace", "e", []byte("x"), "t1", "b", "s1", uint64(6)}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if fieldOrigin != "o" || fieldNumber != "n" {
		t.Error("an entry's own fields have other names")
	}
}

func TestEntryIsBounded(t *testing.T) {
	var e entry
	large := encodedEvent{topic: "a", payload: bytes.Repeat([]byte("x"), maxPayload)}
	if !e.fits(large) {
		t.Error("an entry has no room for the largest event")
	}
	e.add(large)
	if e.fits(encodedEvent{topic: "a"}) {
		t.Error("it has room for another event as well")
	}
	e = entry{}
	for event := (encodedEvent{topic: strings.Repeat("t", 36), cause: strings.Repeat("c", 55)}); e.fits(event); {
		e.add(event)
	}
	if e.size > maxPayload || e.events != maxPayload/91 {
		t.Errorf("%d events of %d bytes", e.events, e.size)
	}
}
