package codec

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Violation describes an invalid field of a path, a query or a form.
type Violation struct{ Field, Must string }

// Error implements error.
func (v *Violation) Error() string { return v.Field + ": " + v.Must }

func violation(field, format string, args ...any) error {
	// The name of an unknown field can be any bytes, and invalid UTF-8 can't be returned in a response.
	return &Violation{strings.ToValidUTF8(field, "\uFFFD"), fmt.Sprintf(format, args...)}
}

// CheckFields fails with a Violation if a form or a query names a field that the message does not have, repeats a field, or holds a
// value that is not valid UTF-8 or not a value of the field. grpc-gateway's own errors for these are meant for Go programmers.
func CheckFields(values url.Values, message protoreflect.MessageDescriptor) error {
	for name, all := range values {
		field := message.Fields().ByName(protoreflect.Name(name))
		if field == nil {
			return violation(name, "must be omitted: the call has no such field")
		}
		if len(all) > 1 {
			return violation(name, "must be sent once, not %d times", len(all))
		}
		if err := CheckField(all[0], field); err != nil {
			return err
		}
	}
	return nil
}

// CheckField fails with a Violation if a text is not a valid value of a field.
func CheckField(text string, field protoreflect.FieldDescriptor) error {
	name := string(field.Name())
	switch {
	case strings.ContainsRune(text, 0):
		return violation(name, "must not contain a NUL character")
	case !utf8.ValidString(text):
		return violation(name, "must be UTF-8")
	}
	switch field.Kind() {
	case protoreflect.Int32Kind:
		return checkInteger(name, text, 32)
	case protoreflect.Int64Kind:
		return checkInteger(name, text, 64)
	case protoreflect.BoolKind:
		if _, err := strconv.ParseBool(text); err != nil {
			return violation(name, "must be true or false")
		}
	case protoreflect.EnumKind:
		return checkEnum(name, text, field.Enum().Values())
	}
	return nil
}

func checkInteger(name, text string, bits int) error {
	if _, err := strconv.ParseInt(text, 10, bits); err != nil || text[0] == '+' {
		return violation(name, "must be a %d-bit integer", bits)
	}
	return nil
}

// checkEnum accepts a value's name or its number.
func checkEnum(name, text string, values protoreflect.EnumValueDescriptors) error {
	if values.ByName(protoreflect.Name(text)) != nil {
		return nil
	}
	if number, err := strconv.ParseInt(text, 10, 32); err == nil && values.ByNumber(protoreflect.EnumNumber(number)) != nil {
		return nil
	}
	var names []string
	for i := range values.Len() {
		if value := values.Get(i); value.Number() != 0 { // 0 means unspecified.
			names = append(names, string(value.Name()))
		}
	}
	return violation(name, "must be one of %s", strings.Join(names, ", "))
}
