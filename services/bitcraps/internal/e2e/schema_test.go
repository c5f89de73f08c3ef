package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas are the schemas of the document's responses, compiled when they are first needed.
type schemas struct {
	sync.Mutex
	document document
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
	broken   map[string]string // The first mismatch of each response.
}

// loadSchemas loads the document from the repository, which is the one that the gateway embeds.
var loadSchemas = sync.OnceValues(func() (*schemas, error) {
	text, err := os.ReadFile("../../../../gateway/internal/openapi/openapi.json")
	if err != nil {
		return nil, err
	}
	return newSchemas(text)
})

func newSchemas(text []byte) (*schemas, error) {
	s := &schemas{compiler: jsonschema.NewCompiler(), compiled: make(map[string]*jsonschema.Schema), broken: make(map[string]string)}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	s.compiler.AssertFormat()
	if s.document, err = parseDocument(text); err != nil {
		return nil, err
	}
	return s, s.compiler.AddResource("openapi.json", doc)
}

// check validates a JSON response against its schema. Responses that the document does not list are reported by undocumented.
func (s *schemas) check(method, path, status string, text []byte) error {
	template, method := s.document.template(path), strings.ToLower(method)
	if answer := s.document.Paths[template][method].Responses[status]; answer == nil || answer.Content["application/json"] == nil {
		return nil
	}
	where := "openapi.json#/paths/" + strings.ReplaceAll(template, "/", "~1") + "/" + method + "/responses/" + status + "/content/application~1json/schema"
	s.Lock()
	defer s.Unlock()
	schema := s.compiled[where]
	if schema == nil {
		var err error
		if schema, err = s.compiler.Compile(where); err != nil {
			return err
		}
		s.compiled[where] = schema
	}
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = schema.Validate(body)
	}
	if err != nil {
		if answer := strings.Join([]string{method, template, status}, " "); s.broken[answer] == "" {
			s.broken[answer] = fmt.Sprintf("%v\n%s", err, text)
		}
	}
	return err
}

// found returns the mismatches so far.
func (s *schemas) found() (found []string) {
	s.Lock()
	defer s.Unlock()
	for answer, why := range s.broken {
		found = append(found, answer+": "+why)
	}
	return found
}

// TestSchemaCheck checks responses that match their schema and responses that don't.
func TestSchemaCheck(t *testing.T) {
	all, err := loadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	s := &schemas{document: all.document, compiler: all.compiler, compiled: make(map[string]*jsonschema.Schema), broken: make(map[string]string)}
	const bets = "/api/games/01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4/bets:batch"
	for text, good := range map[string]bool{
		`{"results":[],"balance":5}`: true,
		`{"results":[{"error":{"code":3,"reason":"WAGER_UNKNOWN","message":"no such wager"}}],"balance":5}`: true,
		`{"results":[{}],"balance":5}`:        false,
		`{"results":[],"balance":"5"}`:        false,
		`{"results":[]}`:                      false,
		`{"results":[],"balance":5,"more":1}`: false,
	} {
		if err := s.check("POST", bets, "200", []byte(text)); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
	if found := s.found(); len(found) != 1 {
		t.Errorf("found %v", found)
	}
}
