package opensearch_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/deploy/opensearch"
)

func decode(t *testing.T, text []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var out map[string]any
	if err := decoder.Decode(&out); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestFleetLogMatchesMapping(t *testing.T) {
	mapping, err := opensearch.TemplateMapping()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range bytes.Lines(read(t, "../fluent-bit/testdata/fleet.log")) {
		if line[0] != '{' {
			continue // Stored as "log".
		}
		fields := decode(t, line)
		if err := mapping.Check(fields); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		for key := range fields {
			seen[key] = true
		}
	}
	for _, key := range []string{"time", "level", "msg", "service", "replica", "trace_id", "span_id", "request_id", "game_id", "player_id", "bet_amount", "error", "error_code", "status"} {
		if mapping.Properties[key].Type == "" || !seen[key] {
			t.Errorf("%s: type %q, present in lines: %v", key, mapping.Properties[key].Type, seen[key])
		}
	}
}

func TestMismatchesAreReported(t *testing.T) {
	mapping, err := opensearch.TemplateMapping()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{`panic: no JSON`, `{"bet_amount":"ten"}`, `{"time":"today"}`, `{"replica":3000000000}`, `{"audit":"yes"}`, `{"anything":{"of":1}}`, `{"msg":["a"]}`} {
		if mapping.CheckLine([]byte(line)) == nil {
			t.Errorf("%s was accepted", line)
		}
	}
	if err := mapping.CheckLine([]byte(`{"bet_amount":10,"time":"2026-11-25T02:28:13.333370209Z","code":"OK","height":7,"share":0.5}`)); err != nil {
		t.Error(err)
	}
}

// patterns returns the index patterns of the template and of the policies.
func patterns(t *testing.T) (template, policies []string) {
	t.Helper()
	var own struct {
		Patterns []string `json:"index_patterns"`
	}
	if err := json.Unmarshal(read(t, "index-template.json"), &own); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("ism-*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("policies: %v, %v", files, err)
	}
	for _, file := range files {
		var policy struct {
			Policy struct {
				DefaultState string `json:"default_state"`
				Template     []struct {
					Patterns []string `json:"index_patterns"`
				} `json:"ism_template"`
				States []struct {
					Name        string
					Transitions []struct {
						State string `json:"state_name"`
					}
				}
			}
		}
		if err := json.Unmarshal(read(t, file), &policy); err != nil {
			t.Fatal(err)
		}
		names := []string{}
		for _, state := range policy.Policy.States {
			names = append(names, state.Name)
		}
		for _, state := range policy.Policy.States {
			for _, next := range state.Transitions {
				if !slices.Contains(names, next.State) {
					t.Errorf("%s: state %s has a transition to the unknown state %q", file, state.Name, next.State)
				}
			}
		}
		if names[0] != policy.Policy.DefaultState || names[len(names)-1] != "gone" {
			t.Errorf("%s: starts with %s, ends with %s", file, policy.Policy.DefaultState, names[len(names)-1])
		}
		for _, t := range policy.Policy.Template {
			policies = append(policies, t.Patterns...)
		}
	}
	return own.Patterns, policies
}

func TestEveryIndexHasTemplateAndPolicy(t *testing.T) {
	template, policies := patterns(t)
	indices := regexp.MustCompile(`(?m)^\s+Index\s+(\S+)$`).FindAllSubmatch(read(t, "../fluent-bit/fluent-bit.conf"), -1)
	if len(indices) != len(template) {
		t.Errorf("Fluent Bit writes to %d indices, the template has %d patterns", len(indices), len(template))
	}
	for _, index := range indices {
		for what, patterns := range map[string][]string{"template": template, "policy": policies} {
			n := 0
			for _, pattern := range patterns {
				if ok, err := filepath.Match(pattern, string(index[1])); ok && err == nil {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s matches %d patterns of a %s; want one", index[1], n, what)
			}
		}
	}
}

// savedObject is an object that OpenSearch Dashboards imports.
type savedObject struct {
	ID, Type   string
	Attributes map[string]any
	References []struct{ Name, Type, ID string }
}

func TestDashboardsUseKnownFields(t *testing.T) {
	mapping, err := opensearch.TemplateMapping()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for line := range bytes.Lines(read(t, "dashboards.ndjson")) {
		var o savedObject
		if err := json.Unmarshal(line, &o); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		for _, ref := range o.References { // Objects are imported in order.
			if !known[ref.Type+ref.ID] {
				t.Errorf("%s refers to %s %q, which does not precede it", o.ID, ref.Type, ref.ID)
			}
		}
		known[o.Type+o.ID] = true
		for _, field := range fields(t, o) {
			if mapping.Properties[field].Type == "" {
				t.Errorf("%s uses the field %q, which is not in the mapping", o.ID, field)
			}
		}
	}
	if !known["dashboardbitcraps-logs"] || !known["index-patternbitcraps-lines"] {
		t.Errorf("missing objects; found only %v", known)
	}
}

var (
	queryField       = regexp.MustCompile(`([a-z_.@]+): `)
	aggregationField = regexp.MustCompile(`"field": ?"([^"]+)"`)
)

// fields returns the fields that an object uses.
func fields(t *testing.T, o savedObject) (out []string) {
	t.Helper()
	if columns, ok := o.Attributes["columns"].([]any); ok {
		for _, column := range columns {
			out = append(out, column.(string))
		}
	}
	for _, key := range []string{"visState", "panelsJSON", "optionsJSON"} {
		if text, ok := o.Attributes[key].(string); ok {
			if !json.Valid([]byte(text)) {
				t.Errorf("%s: %s is not JSON", o.ID, key)
			}
			for _, found := range aggregationField.FindAllStringSubmatch(text, -1) {
				out = append(out, found[1])
			}
		}
	}
	meta, ok := o.Attributes["kibanaSavedObjectMeta"].(map[string]any)
	if !ok {
		return out
	}
	var source struct{ Query struct{ Query string } }
	if err := json.Unmarshal([]byte(meta["searchSourceJSON"].(string)), &source); err != nil {
		t.Errorf("%s: %v", o.ID, err)
	}
	for _, found := range queryField.FindAllStringSubmatch(source.Query.Query, -1) {
		out = append(out, strings.TrimSpace(found[1]))
	}
	return out
}
