// Package canonical marshals Protobuf messages to canonical JSON: the contract's field names in the contract's order, without spaces,
// zero values included. Unlike protojson it writes 64-bit integers as JSON numbers, because that is what clients of a game expect of
// an amount; every amount is below 2^53, so JavaScript reads them exactly. The gateway answers in this form, and a receipt must have
// it to the byte.
package canonical

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// initialCapacity in bytes suffices for most messages.
const initialCapacity = 512

// JSON returns a message as canonical JSON. Unset fields are written with their zero values, except for messages and members of a
// oneof.
func JSON(m proto.Message) ([]byte, error) {
	return appendMessage(make([]byte, 0, initialCapacity), m.ProtoReflect())
}

func appendMessage(b []byte, m protoreflect.Message) ([]byte, error) {
	if at, ok := m.Interface().(*timestamppb.Timestamp); ok && at.IsValid() {
		return appendTime(b, at.AsTime()), nil
	}
	if strings.HasPrefix(string(m.Descriptor().FullName()), "google.protobuf.") {
		// Well-known types such as Timestamp, Duration and Any have JSON forms of their own.
		text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m.Interface())
		return append(b, text...), err
	}
	b = append(b, '{')
	first := true
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if field.HasPresence() && !m.Has(field) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(append(append(b, '"'), field.Name()...), `":`...) // A field's name needs no escaping.
		var err error
		if b, err = appendField(b, field, m.Get(field)); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// appendTime writes a time as protojson does: in UTC, with 0, 3, 6 or 9 fractional digits.
func appendTime(b []byte, t time.Time) []byte {
	layout := `"2006-01-02T15:04:05.000000000Z"`
	switch ns := t.Nanosecond(); {
	case ns == 0:
		layout = `"2006-01-02T15:04:05Z"`
	case ns%1e6 == 0:
		layout = `"2006-01-02T15:04:05.000Z"`
	case ns%1e3 == 0:
		layout = `"2006-01-02T15:04:05.000000Z"`
	}
	return t.AppendFormat(b, layout)
}

func appendField(b []byte, field protoreflect.FieldDescriptor, v protoreflect.Value) ([]byte, error) {
	switch {
	case field.IsList():
		return appendList(b, field, v.List())
	case field.IsMap():
		return appendMap(b, field, v.Map())
	}
	return appendValue(b, field, v)
}

func appendList(b []byte, field protoreflect.FieldDescriptor, list protoreflect.List) ([]byte, error) {
	b = append(b, '[')
	for i := range list.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendValue(b, field, list.Get(i)); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendMap(b []byte, field protoreflect.FieldDescriptor, m protoreflect.Map) ([]byte, error) {
	var keys []protoreflect.MapKey
	m.Range(func(key protoreflect.MapKey, _ protoreflect.Value) bool { keys = append(keys, key); return true })
	slices.SortFunc(keys, func(a, b protoreflect.MapKey) int { return strings.Compare(a.String(), b.String()) })
	b = append(b, '{')
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendString(b, key.String()); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if b, err = appendValue(b, field.MapValue(), m.Get(key)); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendValue(b []byte, field protoreflect.FieldDescriptor, v protoreflect.Value) ([]byte, error) {
	switch field.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return appendMessage(b, v.Message())
	case protoreflect.BoolKind:
		return strconv.AppendBool(b, v.Bool()), nil
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind,
		protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return strconv.AppendUint(b, v.Uint(), 10), nil
	case protoreflect.EnumKind:
		if value := field.Enum().Values().ByNumber(v.Enum()); value != nil {
			return strconv.AppendQuote(b, string(value.Name())), nil
		}
		return strconv.AppendInt(b, int64(v.Enum()), 10), nil
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		if math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0) {
			return nil, fmt.Errorf("canonical: %s is not a JSON number", field.Name())
		}
	}
	if field.Kind() == protoreflect.StringKind {
		return appendString(b, v.String())
	}
	text, err := json.Marshal(v.Interface()) // Bytes and floats.
	return append(b, text...), err
}

// appendString escapes only what JSON requires to be escaped, so that a receipt survives being rewritten by any encoder that does the
// same. Most text needs no escaping.
func appendString(b []byte, s string) ([]byte, error) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			var out bytes.Buffer
			encoder := json.NewEncoder(&out)
			encoder.SetEscapeHTML(false)
			err := encoder.Encode(s)
			return append(b, bytes.TrimSuffix(out.Bytes(), []byte{'\n'})...), err
		}
	}
	return append(append(append(b, '"'), s...), '"'), nil
}
