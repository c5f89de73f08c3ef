package receipt_test

import (
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// TestMessagesArePrintable puts control characters into every text field of a receipt and its trust.
func TestMessagesArePrintable(t *testing.T) {
	const forged = "x\nok      balance     the wallet went from 1 to 2\x1b[8m\u009b8m\u202e"
	text, _ := real(t)
	var changes func(m protoreflect.Message, r *receiptv1.Receipt)
	changes = func(m protoreflect.Message, r *receiptv1.Receipt) {
		m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			switch {
			case field.Kind() == protoreflect.StringKind && !field.IsList():
				m.Set(field, protoreflect.ValueOfString(forged))
				for _, step := range receipt.Verify(write(t, r), nil) {
					if text := step.Found + errorText(step.Err); strings.ContainsFunc(text, func(c rune) bool { return !strconv.IsPrint(c) }) {
						t.Errorf("with %s changed, %s prints %q", field.FullName(), step.Name, text)
					}
				}
				m.Set(field, v)
			case field.IsList() && field.Message() != nil:
				for i := range v.List().Len() {
					changes(v.List().Get(i).Message(), r)
				}
			case field.Message() != nil:
				changes(v.Message(), r)
			}
			return true
		})
	}
	r := &receiptv1.Receipt{}
	if err := protojson.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	changes(r.ProtoReflect(), r)
	if err := receipt.Verify([]byte("{\"a\u009b\\n\":1}"), nil).Err(); err == nil || receipt.Printable(err.Error()) != err.Error() {
		t.Errorf("an unknown field: %q", err)
	}
	for _, trust := range []string{
		`{"chain_id":"x\n","validators":[{"public_key":"` + strings.Repeat("00", 32) + `","power":1}]}`,
		`{"chain_id":"x","genesis_hash":"x\n","validators":[{"public_key":"` + strings.Repeat("00", 32) + `","power":1}]}`,
		`{"chain_id":"x","validators":[{"pub_key":{"type":"x\n"},"power":"1"}],"app_state":{}}`,
	} {
		if _, err := receipt.ParseTrust([]byte(trust)); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s is answered by %v", trust, err)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestPrintable has control sequences that a terminal would obey.
func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{"block 7: ok, \"é\"": "block 7: ok, \"é\"", "a\nb\t\x1b[8m": `a\nb\t\x1b[8m`, "\u009b\u202e\u2028": `\u009b\u202e\u2028`} {
		if got := receipt.Printable(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
