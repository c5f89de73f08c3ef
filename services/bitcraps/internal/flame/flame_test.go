package flame_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/flame"
)

// newProfile makes a profile with a value for each stack, outermost function first.
func newProfile(values map[string]int64) *profile.Profile {
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "alloc_space", Unit: "bytes"}, {Type: "inuse_space", Unit: "bytes"}}}
	for stack, value := range values {
		names := strings.Split(stack, ";")
		sample := &profile.Sample{Value: []int64{1, value}}
		for i := len(names) - 1; i >= 0; i-- {
			sample.Location = append(sample.Location, &profile.Location{Line: []profile.Line{{Function: &profile.Function{Name: names[i]}}}})
		}
		p.Sample = append(p.Sample, sample)
	}
	return p
}

func TestValuesAddUp(t *testing.T) {
	g := flame.New("heap", newProfile(map[string]int64{"main;a;b": 30, "main;a": 10, "main;c;c": 60}), "inuse_space")
	if g.Total != 100 || g.Unit != "bytes" {
		t.Fatalf("%d %s", g.Total, g.Unit)
	}
	want := []flame.Function{{"c", 60, 60}, {"b", 30, 30}, {"a", 10, 40}, {"main", 0, 100}}
	for i, f := range g.Top(10) {
		if f != want[i] {
			t.Errorf("%d: %+v, want %+v", i, f, want[i])
		}
	}
	if other := flame.New("heap", newProfile(map[string]int64{"main": 30}), "alloc_space"); other.Total != 1 {
		t.Errorf("another kind: %d", other.Total)
	}
	var table strings.Builder
	if err := g.WriteTop(&table, 2); err != nil || !strings.Contains(table.String(), "60 B  60.0%") || strings.Contains(table.String(), "main") {
		t.Errorf("%v\n%s", err, table.String())
	}
}

// TestNamesAreEscaped parses the SVG of functions whose names contain markup.
func TestNamesAreEscaped(t *testing.T) {
	hostile := `pkg.(*T[<"&'>]]>]).Close</title><script>`
	var svg bytes.Buffer
	if err := flame.New(hostile, newProfile(map[string]int64{"main;" + hostile: 5}), "inuse_space").WriteSVG(&svg); err != nil {
		t.Fatal(err)
	}
	scripts, named := 0, false
	decoder := xml.NewDecoder(bytes.NewReader(svg.Bytes()))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("it is not XML: %v", err)
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if element.Name.Local == "script" {
			scripts++
		}
		for _, attr := range element.Attr {
			named = named || attr.Name.Local == "data-name" && attr.Value == hostile
		}
	}
	if scripts != 1 || !named {
		t.Errorf("%d scripts; the function has its name: %v", scripts, named)
	}
}

func TestEmptyProfile(t *testing.T) {
	var out bytes.Buffer
	g := flame.New("mutex", &profile.Profile{}, "delay")
	if err := errors.Join(g.WriteSVG(&out), g.WriteTop(&out, 5)); err != nil || !strings.Contains(out.String(), "nothing was recorded") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestFormat(t *testing.T) {
	for _, tc := range []struct {
		value int64
		unit  string
		want  string
	}{{1_500_000, "nanoseconds", "1.5ms"}, {3 << 19, "bytes", "1.5 MiB"}, {1536, "bytes", "1.5 KiB"}, {12, "bytes", "12 B"}, {7, "count", "7"}} {
		if got := flame.Format(tc.value, tc.unit); got != tc.want {
			t.Errorf("%d %s = %s, want %s", tc.value, tc.unit, got, tc.want)
		}
	}
}
