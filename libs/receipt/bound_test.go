package receipt_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// change is one named way to change a proof.
type change struct {
	name        string
	apply, undo func()
}

// changes returns the smallest changes of a message: of a bit of each number and character, of an element of each list, and of the
// presence of each message, everywhere in it.
func changes(m protoreflect.Message, path string, yield func(change)) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		name, old := path+"."+string(field.Name()), m.Get(field)
		set := func(v protoreflect.Value) func() { return func() { m.Set(field, v) } }
		switch {
		case field.IsList():
			listChanges(m, field, name, yield)
		case field.Message() != nil:
			if !m.Has(field) {
				panic(name + " is missing in a real proof")
			}
			yield(change{name + " cleared", func() { m.Clear(field) }, set(old)})
			changes(old.Message(), name, yield)
		default:
			scalarChanges(old, name, func(what string, v protoreflect.Value) { yield(change{what, set(v), set(old)}) })
		}
	}
}

func listChanges(m protoreflect.Message, field protoreflect.FieldDescriptor, name string, yield func(change)) {
	list := m.Get(field).List()
	var all []protoreflect.Value
	for i := range list.Len() {
		all = append(all, list.Get(i))
	}
	set := func(elements ...protoreflect.Value) func() {
		return func() {
			changed := m.NewField(field)
			for _, e := range elements {
				changed.List().Append(e)
			}
			m.Set(field, changed)
		}
	}
	undo := set(all...)
	for i, e := range all {
		before, after := all[:i:i], all[i+1:]
		yield(change{fmt.Sprintf("%s[%d] dropped", name, i), set(append(before, after...)...), undo})
		yield(change{fmt.Sprintf("%s[%d] twice", name, i), set(append(append(before, e, e), after...)...), undo})
		if len(after) > 0 {
			yield(change{fmt.Sprintf("%s[%d] swapped", name, i), set(append(append(before, after[0], e), after[1:]...)...), undo})
		}
		if element := fmt.Sprintf("%s[%d]", name, i); field.Message() != nil {
			changes(e.Message(), element, yield)
		} else {
			scalarChanges(e, element, func(what string, v protoreflect.Value) {
				yield(change{what, set(append(append(before, v), after...)...), undo})
			})
		}
	}
}

func scalarChanges(old protoreflect.Value, name string, yield func(string, protoreflect.Value)) {
	switch v := old.Interface().(type) {
	case int32:
		for bit := range 32 {
			yield(fmt.Sprintf("%s bit %d", name, bit), protoreflect.ValueOfInt32(v^1<<bit))
		}
	case int64:
		for bit := range 64 {
			yield(fmt.Sprintf("%s bit %d", name, bit), protoreflect.ValueOfInt64(v^1<<bit))
		}
	case string:
		yield(name+" longer", protoreflect.ValueOfString(v+"0"))
		for i := range len(v) {
			for bit := range 7 { // With the eighth bit, a string would not be UTF-8, which no encoding of a proof can represent.
				b := []byte(v)
				b[i] ^= 1 << bit
				yield(fmt.Sprintf("%s[%d] bit %d", name, i, bit), protoreflect.ValueOfString(string(b)))
			}
		}
	default:
		panic(fmt.Sprintf("%s: no changes for a %T", name, v))
	}
}

// TestEveryFieldIsBound makes each of some ten thousand small changes to real proofs, and checks that each is detected.
func TestEveryFieldIsBound(t *testing.T) {
	for _, name := range goldens {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "three" {
				t.Skip("the others take half a minute under the race detector")
			}
			g, count := load(t, name), 0
			original := proto.CloneOf(g.block)
			changes(g.block.ProtoReflect(), "block", func(c change) {
				c.apply()
				defer c.undo()
				count++
				// With four of four signatures, one may be left out: three of four suffice.
				surplus := name == "four" && strings.Contains(c.name, "signatures[") && strings.HasSuffix(c.name, "] dropped")
				if err := g.check(); (err == nil) != surplus {
					t.Errorf("%s: %v", c.name, err)
				}
			})
			if !proto.Equal(g.block, original) || g.check() != nil {
				t.Error("a change was not undone")
			}
			t.Logf("%d changes", count)
		})
	}
}

// TestMissingPartsAreRefused removes parts that a decoder accepts as missing.
func TestMissingPartsAreRefused(t *testing.T) {
	g := load(t, "three")
	for name, block := range map[string]*receiptv1.BlockProof{
		"nothing": nil,
		"empty":   {},
		"only nil": {Header: &receiptv1.Header{}, Commit: &receiptv1.Commit{Signatures: []*receiptv1.CommitSignature{nil}},
			Inclusion: &receiptv1.Inclusion{}, Validators: []*receiptv1.Validator{nil}},
	} {
		g.block = block
		if err := g.check(); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
