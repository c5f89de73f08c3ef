// Package fluentbit_test parses Fluent Bit's configuration strictly, and applies it to log lines of a fleet. Fluent Bit itself is not
// available in the registries from which this project builds.
package fluentbit_test

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// entry is a key and its value.
type entry struct{ key, value string }

// section is a section of a file, such as an input.
type section struct {
	kind    string
	entries []entry
}

// all returns the values of a key, whose case does not matter.
func (s section) all(key string) (values []string) {
	for _, e := range s.entries {
		if strings.EqualFold(e.key, key) {
			values = append(values, e.value)
		}
	}
	return values
}

func (s section) get(key string) string {
	if values := s.all(key); len(values) > 0 {
		return values[0]
	}
	return ""
}

// knownKeys are the permitted keys by the kind of a section and the name of its plugin, from Fluent Bit 3.2's manual.
var knownKeys = map[string]string{
	"SERVICE":                "flush grace log_level parsers_file http_server http_listen http_port health_check storage.path storage.metrics storage.backlog.mem_limit",
	"PARSER":                 "name format time_key time_format time_keep",
	"INPUT tail":             "name tag path multiline.parser parser db mem_buf_limit buffer_max_size skip_long_lines storage.type",
	"INPUT systemd":          "name tag systemd_filter lowercase strip_underscores read_from_tail db storage.type",
	"FILTER kubernetes":      "name match kube_tag_prefix merge_log keep_log k8s-logging.parser k8s-logging.exclude labels annotations buffer_size",
	"FILTER modify":          "name match condition add remove",
	"FILTER rewrite_tag":     "name match rule emitter_name emitter_storage.type emitter_mem_buf_limit",
	"FILTER throttle":        "name match rate window interval print_status",
	"FILTER record_modifier": "name match record",
	"OUTPUT opensearch":      "name match match_regex index host port http_user http_passwd tls tls.verify write_operation generate_id suppress_type_name replace_dots time_key time_key_nanos retry_limit storage.total_limit_size",
}

var header = regexp.MustCompile(`^\[([A-Z]+)\]$`)

// parse parses a file of sections. It fails the test for anything that Fluent Bit would not understand.
func parse(t *testing.T, path string) (sections []section) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		trimmed := strings.TrimSpace(string(line))
		switch head := header.FindStringSubmatch(trimmed); {
		case trimmed == "" || trimmed[0] == '#':
		case head != nil:
			sections = append(sections, section{kind: head[1]})
		case line[0] != ' ' || len(sections) == 0:
			t.Fatalf("%s: %q is in no section", path, trimmed)
		default:
			key, value, _ := strings.Cut(trimmed, " ")
			last := &sections[len(sections)-1]
			last.entries = append(last.entries, entry{key, strings.TrimSpace(value)})
		}
	}
	for _, s := range sections {
		plugin := s.kind
		if slices.Contains([]string{"INPUT", "FILTER", "OUTPUT"}, s.kind) {
			plugin += " " + s.get("name")
		}
		known, ok := knownKeys[plugin]
		if !ok {
			t.Errorf("%s: unknown section or plugin %q", path, plugin)
		}
		for _, e := range s.entries {
			if !slices.Contains(strings.Fields(known), strings.ToLower(e.key)) || e.value == "" {
				t.Errorf("%s: %s has an unknown key or an empty value: %s %q", path, plugin, e.key, e.value)
			}
		}
	}
	return sections
}

func sectionsOf(sections []section, kind, name string) (out []section) {
	for _, s := range sections {
		if s.kind == kind && (name == "" || s.get("name") == name) {
			out = append(out, s)
		}
	}
	return out
}

func TestInputsReachOutputs(t *testing.T) {
	sections := parse(t, "fluent-bit.conf")
	if inputs := sectionsOf(sections, "INPUT", ""); len(inputs) != 3 {
		t.Errorf("%d inputs, want 3", len(inputs))
	}
	parsers := []string{}
	for _, p := range sectionsOf(parse(t, "parsers.conf"), "PARSER", "") {
		parsers = append(parsers, p.get("name"))
	}
	for _, in := range sectionsOf(sections, "INPUT", "") {
		if name := in.get("parser"); name != "" && !slices.Contains(parsers, name) {
			t.Errorf("unknown parser %s; known are %v", name, parsers)
		}
		if in.get("storage.type") != "filesystem" || in.get("db") == "" {
			t.Errorf("%s loses its position or its lines in a restart", in.get("tag"))
		}
	}
	for _, tag := range []string{"app.kube.var.log.containers.game-0", "app.file.game", "chatty.app.file.game", "audit.app.file.game", "system.kubelet"} {
		if got := len(outputs(sections, tag)); got != 1 {
			t.Errorf("%s matches %d outputs, want one", tag, got)
		}
	}
	for _, out := range sectionsOf(sections, "OUTPUT", "") {
		if out.get("tls") != "On" || out.get("tls.verify") != "On" || out.get("write_operation") != "create" {
			t.Errorf("%s: TLS is not verified, or a data stream would refuse its writes", out.get("index"))
		}
	}
}

// outputs returns the outputs that match a tag.
func outputs(sections []section, tag string) (out []section) {
	for _, o := range sectionsOf(sections, "OUTPUT", "") {
		if matches(o.get("match"), tag) || o.get("match_regex") != "" && regexp.MustCompile(o.get("match_regex")).MatchString(tag) {
			out = append(out, o)
		}
	}
	return out
}

// matches reports whether a tag matches a pattern, in which * stands for any text.
func matches(pattern, tag string) bool {
	return pattern != "" && regexp.MustCompile("^"+strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")+"$").MatchString(tag)
}
