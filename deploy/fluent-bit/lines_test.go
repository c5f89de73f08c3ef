package fluentbit_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// routeRecord applies the configuration's filters to a record in order, and returns its final tag.
func routeRecord(t *testing.T, sections []section, tag string, record map[string]any) string {
	t.Helper()
	for _, filter := range sectionsOf(sections, "FILTER", "") {
		if !matches(filter.get("match"), tag) {
			continue
		}
		switch filter.get("name") {
		case "modify":
			modify(t, filter, record)
		case "rewrite_tag":
			for _, rule := range filter.all("rule") {
				parts := strings.Fields(rule)
				if len(parts) != 4 || parts[3] != "false" {
					t.Fatalf("rule %q: want KEY REGEX TAG false", rule)
				}
				text, ok := record[strings.TrimPrefix(parts[0], "$")].(string) // Rules match string values only.
				if ok && regexp.MustCompile(parts[1]).MatchString(text) {
					return routeRecord(t, sections, strings.ReplaceAll(parts[2], "$TAG", tag), record)
				}
			}
		}
	}
	return tag
}

func modify(t *testing.T, filter section, record map[string]any) {
	t.Helper()
	for _, condition := range filter.all("condition") {
		key, ok := strings.CutPrefix(condition, "Key_exists ")
		if !ok {
			t.Fatalf("condition %q: want Key_exists KEY", condition)
		}
		if _, has := record[key]; !has {
			return
		}
	}
	for _, added := range filter.all("add") {
		key, value, _ := strings.Cut(added, " ")
		record[key] = value
	}
	for _, removed := range filter.all("remove") {
		delete(record, removed)
	}
}

// goLayout converts the parser's time format to a Go layout.
var goLayout = strings.NewReplacer("%Y", "2006", "%m", "01", "%d", "02", "%H", "15", "%M", "04", "%S.%L", "05.999999999", "%z", "Z07:00")

func TestOnlyDebugAndInfoAreThrottled(t *testing.T) {
	sections, parser := parse(t, "fluent-bit.conf"), parse(t, "parsers.conf")[0]
	throttled := sectionsOf(sections, "FILTER", "throttle")
	if len(throttled) != 1 {
		t.Fatalf("%d throttle filters, want one", len(throttled))
	}
	text, err := os.ReadFile("testdata/fleet.log")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for line := range bytes.Lines(text) {
		record := map[string]any{}
		if json.Unmarshal(line, &record) != nil {
			record = map[string]any{"log": string(line)}
		} else if stamp, _ := record[parser.get("time_key")].(string); true {
			if _, err := time.Parse(goLayout.Replace(parser.get("time_format")), stamp); err != nil {
				t.Errorf("%v: %s", err, line)
			}
		}
		level, _ := record["level"].(string)
		kind := level
		if record["audit"] == true {
			kind = "audit"
		}
		seen[kind]++
		tag := routeRecord(t, sections, "app.file.game-0.log", record)
		lowLevel := kind == "DEBUG" || kind == "INFO"
		if matches(throttled[0].get("match"), tag) != lowLevel {
			t.Errorf("%s has the tag %s: %s", kind, tag, line)
		}
		want := map[bool]string{true: "bitcraps-audit", false: "bitcraps-app"}[kind == "audit"]
		if out := outputs(sections, tag); len(out) != 1 || out[0].get("index") != want {
			t.Errorf("%s is written to %v, want %s", tag, out, want)
		}
		if _, left := record["route"]; left {
			t.Errorf("the auxiliary key \"route\" was not removed: %v", record)
		}
	}
	for _, kind := range []string{"DEBUG", "INFO", "WARN", "audit", ""} {
		if seen[kind] == 0 {
			t.Errorf("testdata has no line of kind %q, only %v", kind, seen)
		}
	}
}
