package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// document is the part of the OpenAPI document that tests compare with the platform.
type document struct {
	Paths map[string]map[string]operation
}

type operation struct {
	Parameters  []parameter
	RequestBody struct {
		Content map[string]struct {
			Schema schema
		}
	}
	Responses map[string]*struct {
		Content map[string]any
	}
}

type parameter struct {
	Name, In string
	Schema   schema
}

type schema struct {
	Type       any
	Properties map[string]schema
	Items      *schema
	Ref        string `json:"$ref"`
}

// served is the document as it was last served.
var served []byte

// openAPI returns the document that the platform serves.
func (c *client) openAPI() document {
	c.t.Helper()
	served = []byte(c.must(200, "GET", "/openapi.json", nil).text)
	doc, err := parseDocument(served)
	if err != nil {
		c.t.Fatal(err)
	}
	return doc
}

func parseDocument(text []byte) (doc document, err error) {
	err = json.Unmarshal(text, &doc)
	return doc, err
}

// template finds the document's path that matches a request's path; of several, the one with the fewest parameters.
func (d document) template(path string) string {
	path, _, _ = strings.Cut(path, "?")
	if rest, ok := strings.CutPrefix(path, "/api/"); ok && !strings.HasPrefix(rest, "v1/") {
		path = "/api/v1/" + rest
	}
	best := ""
	for template := range d.Paths {
		want, have := strings.Split(template, "/"), strings.Split(path, "/")
		fits := slices.EqualFunc(want, have, func(w, h string) bool { return w == h || strings.HasPrefix(w, "{") && h != "" })
		if fits && (best == "" || strings.Count(template, "{") < strings.Count(best, "{")) {
			best = template
		}
	}
	return best
}

// recorded has the responses that tests of this package have received, by method, path and status.
var recorded = struct {
	sync.Mutex
	seen map[string]string
}{seen: make(map[string]string)}

func recordAnswer(method, path string, status int, text []byte) {
	if s, err := loadSchemas(); err == nil {
		_ = s.check(method, path, strconv.Itoa(status), text) // Reported after all tests.
	}
	recorded.Lock()
	defer recorded.Unlock()
	recorded.seen[fmt.Sprintf("%s %s %d", method, path, status)] = path
}

// undocumented returns the responses so far that the document does not list.
func undocumented(doc document) (found []string) {
	recorded.Lock()
	defer recorded.Unlock()
	for key := range maps.Keys(recorded.seen) {
		parts := strings.Fields(key)
		if len(parts) != 3 {
			continue
		}
		method, path, status := strings.ToLower(parts[0]), parts[1], parts[2]
		operation, ok := doc.Paths[doc.template(path)][method]
		if code, _ := strconv.Atoi(status); !ok || code == 0 {
			continue // There is no operation; such refusals are tested elsewhere.
		}
		if operation.Responses[status] == nil {
			found = append(found, key)
		}
	}
	slices.Sort(found)
	return found
}

// TestStatusesAreDocumented checks that the document lists the statuses of the calls of a game, including refusals.
func TestStatusesAreDocumented(t *testing.T) {
	c := newClient(t, oneProcess(t).url())
	doc := c.openAPI()
	game := c.newGame()
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/bets", map[string]any{"bet_type": "pass_line", "amount": 10}}, {"POST", "/bets", map[string]any{"bet_type": "pass_line", "amount": 10}},
		{"POST", "/bets", map[string]any{"bet_type": "lucky", "amount": 10}}, {"POST", "/bets", map[string]any{"bet_type": "field", "amount": 1}},
		{"POST", "/roll", nil}, {"GET", "/rounds/1/receipt", nil}, {"GET", "/rounds/99", nil}, {"GET", "/rounds", nil}, {"GET", "/events?after_sequence=99", nil},
		{"POST", "/leave", nil}, {"POST", "/roll", nil}, {"POST", "/join", nil}, {"POST", "/pass", nil}, {"GET", "/bets?page_token=x", nil},
	} {
		c.do(call.method, game+call.path, call.body)
	}
	for _, found := range undocumented(doc) {
		t.Errorf("the document does not list %s", found)
	}
	delete(doc.Paths["/api/v1/games/{game_id}/bets"]["post"].Responses, "201")
	if len(undocumented(doc)) == 0 {
		t.Error("a missing status would go unnoticed")
	}
}

// undocumentedAfterAll is undocumented after all tests, with the served document, plus mismatches of schemas.
func undocumentedAfterAll() ([]string, error) {
	s, err := loadSchemas()
	if err != nil {
		return nil, err
	}
	if len(served) == 0 {
		return s.found(), nil // No test loaded the document, so only few tests ran.
	}
	doc, err := parseDocument(served)
	return append(s.found(), undocumented(doc)...), err
}
