// Package codec encodes and decodes the bodies of REST calls: JSON with the contract's field names, and forms. Decoding is strict: an
// unknown or repeated field, a fraction where an integer belongs, or bytes after the end are errors.
package codec

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Prefix begins the text of every error about a body, which distinguishes it from errors about a path or a query.
const Prefix = "body: "

func malformed(format string, args ...any) error { return fmt.Errorf(Prefix+format, args...) }

// DecodeJSON decodes a JSON object into a message.
func DecodeJSON(body []byte, m proto.Message) error {
	quoted, err := scan(body)
	if err != nil {
		return err
	}
	if err := (protojson.UnmarshalOptions{}).Unmarshal(body, m); err != nil {
		// protojson's errors begin with "proto:" and a space whose kind varies on purpose.
		text := strings.TrimLeft(strings.TrimPrefix(err.Error(), "proto:"), " \u00a0")
		return malformed("%s", text)
	}
	if !quoted {
		return nil
	}
	return checkQuoted(body, m.ProtoReflect().Descriptor())
}

// checkQuoted refuses integers sent as strings with a fraction or an exponent, which protojson would convert, too.
func checkQuoted(body []byte, message protoreflect.MessageDescriptor) error {
	var values map[string]any
	if err := json.Unmarshal(body, &values); err != nil {
		return malformed("not valid JSON: %w", err)
	}
	return checkMessage("", values, message)
}

func checkMessage(path string, values map[string]any, message protoreflect.MessageDescriptor) error {
	for name, value := range values {
		field := message.Fields().ByTextName(name)
		if field == nil {
			field = message.Fields().ByJSONName(name)
		}
		if field == nil { // The field belongs to a message with a special JSON encoding.
			continue
		}
		items, repeated := value.([]any)
		if !repeated {
			items = []any{value}
		}
		for _, item := range items {
			if err := checkValue(path+name, item, field); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkValue(path string, value any, field protoreflect.FieldDescriptor) error {
	switch value := value.(type) {
	case map[string]any:
		if field.Message() != nil {
			return checkMessage(path+".", value, field.Message())
		}
	case string:
		if field.Kind() != protoreflect.Int64Kind && field.Kind() != protoreflect.Int32Kind {
			return nil
		}
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return malformed("%s: %q is not a 64-bit integer", path, value)
		}
	}
	return nil
}

// DecodeForm decodes an application/x-www-form-urlencoded body into a message.
func DecodeForm(body []byte, m proto.Message) error {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return malformed("not a valid form: %w", err)
	}
	if err := CheckFields(values, m.ProtoReflect().Descriptor()); err != nil {
		return malformed("%w", err)
	}
	if err := runtime.PopulateQueryParameters(m, values, utilities.NewDoubleArray(nil)); err != nil {
		return malformed("%w", err)
	}
	return nil
}
