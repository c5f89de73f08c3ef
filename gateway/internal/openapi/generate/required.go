package main

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

const schemaPrefix = "#/components/schemas/"

// requireAnswers marks what an answer always has: the gateway writes zero values too, so only messages and members of a
// oneof may be missing. What requests are made of stays as it is.
func requireAnswers(doc, schemas object) {
	asked := object{}
	for _, operations := range at(doc, "paths") {
		for _, operation := range operations.(object) {
			body, _ := operation.(object)["requestBody"].(object)
			refer(body, schemas, asked)
		}
	}
	for name, schema := range schemas {
		if asked[name] != nil || strings.HasPrefix(name, "google.") || name == "Error" {
			continue
		}
		require(schema.(object), schemas, name)
		parts, _ := schema.(object)["allOf"].([]any) // A message with a oneof is its other fields and one of the members.
		for _, part := range parts {
			require(part.(object), schemas, name)
		}
	}
}

// require marks the properties of a schema that are no messages, and not optional in the contract.
func require(schema, schemas object, message string) {
	var required []any
	for property, described := range at(schema, "properties") {
		if optional(message, property) {
			continue
		}
		target, _ := described.(object)["$ref"].(string)
		if target == "" || at(schemas, strings.TrimPrefix(target, schemaPrefix))["enum"] != nil {
			required = append(required, property)
		}
	}
	slices.SortFunc(required, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	if len(required) > 0 {
		schema["required"] = required
	}
}

// optional reports whether a field may be missing from a message, which then says something else than its zero value.
func optional(message, field string) bool {
	descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(message))
	if err != nil {
		return false // It is no message of a contract.
	}
	described, ok := descriptor.(protoreflect.MessageDescriptor)
	if !ok {
		return false
	}
	of := described.Fields().ByName(protoreflect.Name(field))
	return of != nil && of.HasOptionalKeyword()
}

// closeWholes has a schema that is put together of parts refuse what none of them knows. additionalProperties would refuse
// what the parts know, too.
func closeWholes(schemas object) {
	for _, schema := range schemas {
		schema := schema.(object)
		if closed, ok := schema["additionalProperties"]; ok && (schema["allOf"] != nil || schema["oneOf"] != nil) {
			delete(schema, "additionalProperties")
			schema["unevaluatedProperties"] = closed
		}
	}
}

// refer adds to used every schema that a node refers to, directly or through others.
func refer(node any, schemas, used object) {
	switch node := node.(type) {
	case object:
		if ref, ok := node["$ref"].(string); ok {
			name := strings.TrimPrefix(ref, schemaPrefix)
			if used[name] == nil {
				used[name] = schemas[name]
				refer(schemas[name], schemas, used)
			}
		}
		for _, child := range node {
			refer(child, schemas, used)
		}
	case []any:
		for _, child := range node {
			refer(child, schemas, used)
		}
	}
}
