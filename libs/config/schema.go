package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// schema is the JSON Schema of the Go struct of a service's configuration.
type schema struct {
	doc      *jsonschema.Schema
	compiled *validator.Schema
}

func reflectSchema(cfg any) *jsonschema.Schema {
	reflector := jsonschema.Reflector{
		FieldNameTag:               "koanf",
		DoNotReference:             true,
		ExpandedStruct:             true,
		Anonymous:                  true,
		RequiredFromJSONSchemaTags: true,
		// Many types are called Config; their bare names would collide.
		Namer: func(t reflect.Type) string { return t.PkgPath() + "." + t.Name() },
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t == reflect.TypeFor[time.Duration]() {
				return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`}
			}
			return nil
		},
	}
	return reflector.Reflect(cfg)
}

func newSchema(cfg any) (*schema, error) {
	doc := reflectSchema(cfg)
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	parsed, err := validator.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := validator.NewCompiler()
	if err := compiler.AddResource("config.json", parsed); err != nil {
		return nil, err
	}
	compiled, err := compiler.Compile("config.json")
	return &schema{doc: doc, compiled: compiled}, err
}

func (s *schema) hasSection(name string) bool {
	_, ok := s.doc.Properties.Get(name)
	return ok
}

// keys returns the dotted paths of all values.
func (s *schema) keys() []string {
	values := make(map[string]*jsonschema.Schema)
	collect(s.doc, "", values)
	return slices.Sorted(maps.Keys(values))
}

func collect(doc *jsonschema.Schema, prefix string, into map[string]*jsonschema.Schema) {
	for pair := doc.Properties.Oldest(); pair != nil; pair = pair.Next() {
		if pair.Value.Type == "object" {
			collect(pair.Value, prefix+pair.Key+".", into)
		} else {
			into[prefix+pair.Key] = pair.Value
		}
	}
}

// set parses a value and adds it to k.
func (s *schema) set(k *koanf.Koanf, key, text string) error {
	values := make(map[string]*jsonschema.Schema)
	collect(s.doc, "", values)
	doc, ok := values[key]
	if !ok {
		section, _, _ := strings.Cut(key, ".")
		if !s.hasSection(section) && slices.Contains(shared, section) {
			return nil
		}
		return fmt.Errorf("%s: unknown key", key)
	}
	value, err := parse(doc, text)
	if err != nil {
		return fmt.Errorf("%s: %q is not a valid %s", key, text, doc.Type)
	}
	return k.Load(confmap.Provider(map[string]any{key: value}, "."), nil)
}

func parse(doc *jsonschema.Schema, text string) (any, error) {
	switch doc.Type {
	case "integer":
		return strconv.ParseInt(text, 10, 64)
	case "number":
		return strconv.ParseFloat(text, 64)
	case "boolean":
		return strconv.ParseBool(text)
	case "array":
		list := []any{}
		if text == "" {
			return list, nil
		}
		for item := range strings.SplitSeq(text, ",") {
			list = append(list, strings.TrimSpace(item))
		}
		return list, nil
	}
	return text, nil
}

// check validates loaded values against the schema. Its error names every key that violates it.
func (s *schema) check(values map[string]any) error {
	err := s.compiled.Validate(values)
	invalid, ok := errors.AsType[*validator.ValidationError](err)
	if !ok {
		return err
	}
	printer := message.NewPrinter(language.English)
	var broken []error
	var walk func(*validator.ValidationError)
	walk = func(e *validator.ValidationError) {
		if len(e.Causes) == 0 {
			broken = append(broken, fmt.Errorf("%s: %s", strings.Join(e.InstanceLocation, "."), describe(e.ErrorKind, printer)))
		}
		for _, cause := range e.Causes {
			walk(cause)
		}
	}
	walk(invalid)
	return errors.Join(broken...)
}

// describe states what is wrong with a value without quoting its text, which may contain a password.
func describe(violation validator.ErrorKind, printer *message.Printer) string {
	switch violation := violation.(type) {
	case *kind.Pattern:
		return "want a match of " + violation.Want
	case *kind.Format:
		return "want a valid " + violation.Want
	}
	return violation.LocalizedString(printer) // No other kind quotes more than numbers.
}

// Schema returns the JSON Schema (2020-12) of a configuration file: every service's section, and at the top level the sections that
// services share. configs maps a service's name to its Config with the built-in defaults.
func Schema(configs map[string]any) ([]byte, error) {
	root := &jsonschema.Schema{
		Version:              jsonschema.Version,
		Title:                "BitCraps configuration",
		Type:                 "object",
		Properties:           jsonschema.NewProperties(),
		AdditionalProperties: jsonschema.FalseSchema,
	}
	for _, service := range slices.Sorted(maps.Keys(configs)) {
		doc := reflectSchema(configs[service])
		doc.Version = ""
		for pair := doc.Properties.Oldest(); pair != nil; pair = pair.Next() {
			if _, ok := root.Properties.Get(pair.Key); !ok && slices.Contains(shared, pair.Key) {
				root.Properties.Set(pair.Key, pair.Value)
			}
		}
		root.Properties.Set(service, doc)
	}
	return json.MarshalIndent(root, "", "  ")
}
