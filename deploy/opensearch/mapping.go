// Package opensearch checks log lines against the index template, as OpenSearch does when it stores them.
package opensearch

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

//go:embed index-template.json
var template []byte

// Mapping defines the types of a line's fields.
type Mapping struct {
	Dynamic    []map[string]DynamicTemplate `json:"dynamic_templates"`
	Properties map[string]Property          `json:"properties"`
}

// DynamicTemplate defines the type of fields that have no property.
type DynamicTemplate struct {
	Matches string   `json:"match_mapping_type"`
	Mapping Property `json:"mapping"`
}

// Property is the type of a field, or the properties of an object.
type Property struct {
	Type       string              `json:"type"`
	Properties map[string]Property `json:"properties"`
}

// TemplateMapping returns the mapping of the index template.
func TemplateMapping() (Mapping, error) {
	var t struct {
		Template struct {
			Mappings Mapping `json:"mappings"`
		} `json:"template"`
	}
	err := json.Unmarshal(template, &t)
	return t.Template.Mappings, err
}

// CheckLine decodes a line of JSON and checks it.
func (m Mapping) CheckLine(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var line map[string]any
	if err := decoder.Decode(&line); err != nil {
		return err
	}
	return m.Check(line)
}

// Check fails with the fields of a line that OpenSearch would refuse to store.
func (m Mapping) Check(line map[string]any) error {
	var failures []error
	for key, value := range line {
		property, ok := m.Properties[key]
		if !ok {
			property = m.dynamic(value)
		}
		if err := property.check(value); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", key, err))
		}
	}
	return errors.Join(failures...)
}

// dynamic returns the type of a value without a property. Objects and lists have none, since their fields would be arbitrary.
func (m Mapping) dynamic(value any) Property {
	kind := map[bool]string{true: "double"}[isFloat(value)]
	switch value.(type) {
	case string:
		kind = "string"
	case bool:
		kind = "boolean"
	case json.Number:
		if kind == "" {
			kind = "long"
		}
	}
	for _, named := range m.Dynamic {
		for _, d := range named {
			if d.Matches == kind {
				return d.Mapping
			}
		}
	}
	return Property{}
}

func isFloat(value any) bool {
	n, ok := value.(json.Number)
	if !ok {
		return false
	}
	_, err := strconv.ParseInt(n.String(), 10, 64)
	return err != nil
}

func (p Property) check(value any) error {
	fits := value == nil
	switch p.Type {
	case "keyword", "text":
		switch value.(type) {
		case string, bool, json.Number:
			fits = true
		}
	case "integer", "long":
		if n, ok := value.(json.Number); ok {
			bits := map[string]int{"integer": 32, "long": 64}[p.Type]
			_, err := strconv.ParseInt(n.String(), 10, bits)
			fits = err == nil
		}
	case "boolean":
		_, fits = value.(bool)
	case "date_nanos":
		text, _ := value.(string)
		_, err := time.Parse(time.RFC3339Nano, text)
		fits = err == nil
	}
	if !fits {
		return fmt.Errorf("%v is not a %q", value, p.Type)
	}
	return nil
}
