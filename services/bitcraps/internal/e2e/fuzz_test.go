package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// hostileValues are JSON values that attackers try.
var hostileValues = []string{
	`null`, `true`, `0`, `-0`, `1`, `-1`, `1e308`, `1e-308`, `1E400`, `0.1`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775809`,
	`18446744073709551616`, `9007199254740993`, `""`, `" "`, `"\u0000"`, `"\ud800"`, `"../../etc/passwd"`, `"' OR 1=1 --"`, `"<script>alert(1)</script>"`,
	`"00000000-0000-7000-8000-000000000000"`, `"pass_line"`, `[]`, `{}`, `[[[[[[[[[[]]]]]]]]]]`, `{"@type":"x"}`, "\"\xff\"", `"` + strings.Repeat("x", 300) + `"`, ``,
}

// hostileSegments are encoded values that attackers try in paths and queries.
var hostileSegments = []string{
	"00000000-0000-7000-8000-000000000000", "x", "0", "1", "-1", "-0", "1e308", "9223372036854775807", "9223372036854775808", "%00", "%ff", "..%2f..%2fetc%2fpasswd", "%2e%2e",
	"%25", "%0d%0aSet-Cookie:%20a=b", "a%20b", "%F0%9F%8E%B2", strings.Repeat("9", 400), "*", "null", "true", ":batch", "%7Bgame_id%7D",
}

// fuzzer generates requests for operations of the OpenAPI document, most of them invalid.
type fuzzer struct {
	*client
	doc  document
	game string // A game that exists.
}

// path fills in a template's parameters.
func (f *fuzzer) path(t *rapid.T, template string) string {
	parts := strings.Split(template, "/")
	for i, part := range parts {
		name, suffix, ok := strings.Cut(strings.TrimPrefix(part, "{"), "}")
		if !ok || !strings.HasPrefix(part, "{") {
			continue
		}
		value := rapid.SampledFrom(hostileSegments).Draw(t, name)
		if name == "game_id" && rapid.IntRange(0, 3).Draw(t, "real") > 0 {
			value = f.game
		}
		parts[i] = value + suffix
	}
	return strings.Join(parts, "/")
}

// query picks some of the parameters, and sometimes an unknown one.
func (f *fuzzer) query(t *rapid.T, op operation) string {
	var pairs []string
	for _, p := range op.Parameters {
		if p.In == "query" && rapid.Bool().Draw(t, "with "+p.Name) {
			pairs = append(pairs, url.QueryEscape(p.Name)+"="+rapid.SampledFrom(hostileSegments).Draw(t, p.Name))
		}
	}
	if rapid.IntRange(0, 9).Draw(t, "unknown") == 0 {
		pairs = append(pairs, "unknown=1")
	}
	if len(pairs) == 0 {
		return ""
	}
	return "?" + strings.Join(pairs, "&")
}

// body generates an object with some of the properties, valid or not, or something else.
func (f *fuzzer) body(t *rapid.T, op operation) any {
	content, ok := op.RequestBody.Content["application/json"]
	if !ok && rapid.IntRange(0, 3).Draw(t, "body anyway") > 0 {
		return nil
	}
	kind := rapid.SampledFrom([]string{"application/json", "application/json", "application/json", "application/json; charset=utf-8",
		"application/x-www-form-urlencoded", "text/plain", "", "application/json, text/html"}).Draw(t, "type")
	if rapid.IntRange(0, 9).Draw(t, "shape") == 0 {
		return raw{kind, rapid.SampledFrom(hostileValues).Draw(t, "whole")}
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(content.Schema.Properties)) {
		switch rapid.IntRange(0, 3).Draw(t, "with "+name) {
		case 0:
		case 1:
			pairs = append(pairs, fmt.Sprintf("%q:%s", name, rapid.SampledFrom(hostileValues).Draw(t, name)))
		default:
			pairs = append(pairs, fmt.Sprintf("%q:%s", name, likely(t, name, content.Schema.Properties[name])))
		}
	}
	return raw{kind, "{" + strings.Join(pairs, ",") + "}"}
}

// likely returns a value of the right type, which gets further into the platform.
func likely(t *rapid.T, name string, s schema) string {
	switch {
	case name == "bet_type":
		return rapid.SampledFrom([]string{`"pass_line"`, `"field"`, `"odds_pass"`, `"place_6"`, `"fire"`}).Draw(t, name)
	case s.Type == "integer":
		return fmt.Sprint(rapid.SampledFrom([]int64{0, 1, 5, 10, 12, 100, 1000, 1 << 53, -5}).Draw(t, name))
	case s.Type == "boolean":
		return fmt.Sprint(rapid.Bool().Draw(t, name))
	case s.Type == "array":
		return `[{"bet_type":"field","amount":1}]`
	}
	text, _ := json.Marshal(rapid.StringN(0, 20, 80).Draw(t, name))
	return string(text)
}

// secrets are texts that no answer may contain. None is short enough to occur in a random token by chance.
var secrets = []string{"goroutine ", "panic:", ".go:", "SQLITE", "sqlite", "SELECT ", "INSERT ", "rpc error", "runtime error", "/home/", "pgx:", "SQLSTATE"}

// TestEveryRouteWithHostileRequests generates requests for every operation of the document. Every answer has a status that the document
// lists, never a 5xx, and reveals nothing internal. The token that all requests send must not be logged.
func TestEveryRouteWithHostileRequests(t *testing.T) {
	var log lockedBuffer
	tg, err := launchLogged(&log, t.TempDir(), "telemetry.log_level=debug", "security.enable_rate_limiting=false")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tg.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	}()
	c := newClient(t, tg.url())
	token := c.must(201, "POST", "/api/v1/players/guests", nil).str("access_token")
	c.header.Set("Authorization", "Bearer "+token)
	f := &fuzzer{client: c, doc: c.openAPI()}
	f.game = id(c.newGame())
	for _, template := range slices.Sorted(maps.Keys(f.doc.Paths)) {
		for method, op := range f.doc.Paths[template] {
			t.Run(strings.ToUpper(method)+" "+template, func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) { f.checkOne(rt, strings.ToUpper(method), template, op) })
			})
		}
	}
	if text := log.String(); strings.Contains(text, token) || strings.Contains(text, "panic") {
		t.Error("the log contains the token, or a panic")
	} else if len(text) == 0 {
		t.Error("nothing was logged, so nothing was checked")
	}
}

func (f *fuzzer) checkOne(t *rapid.T, method, template string, op operation) {
	if strings.HasSuffix(template, "/events") { // An accepted stream would not end by itself.
		return
	}
	path := f.path(t, template) + f.query(t, op)
	resp := f.try(method, path, f.body(t, op))
	if resp == nil {
		t.Fatalf("%s %s: no answer", method, path)
	}
	if resp.status >= 500 {
		t.Fatalf("%s %s: %d %s", method, path, resp.status, resp.text)
	}
	if known := f.doc.template(path); known == template && op.Responses[fmt.Sprint(resp.status)] == nil {
		t.Fatalf("%s %s: %d is not in the document: %s", method, path, resp.status, resp.text)
	}
	if resp.status >= 400 && (resp.reason() == "" || resp.header.Get("Content-Type") != "application/json") {
		t.Fatalf("%s %s: %d without a reason: %s", method, path, resp.status, resp.text)
	}
	for _, secret := range secrets {
		if strings.Contains(resp.text, secret) {
			t.Fatalf("%s %s: the answer reveals internals: %s", method, path, resp.text)
		}
	}
}

// lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
