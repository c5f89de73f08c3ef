package main

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

const schemaPrefix = "#/components/schemas/"

// requireResponseFields marks the fields that a response always has as required: the gateway encodes zero values, too, so only messages
// and members of a oneof may be missing. Schemas used in requests are not changed.
func requireResponseFields(doc, schemas object) {
	inRequests := object{}
	for _, operations := range lookup(doc, "paths") {
		for _, operation := range operations.(object) {
			body, _ := operation.(object)["requestBody"].(object)
			collectSchemas(body, schemas, inRequests)
		}
	}
	for name, schema := range schemas {
		if inRequests[name] != nil || strings.HasPrefix(name, "google.") || name == "Error" {
			continue
		}
		markRequired(schema.(object), schemas, name)
		parts, _ := schema.(object)["allOf"].([]any) // A message with a oneof combines its other fields with one of the members.
		for _, part := range parts {
			markRequired(part.(object), schemas, name)
		}
	}
}

// markRequired marks the properties of a schema that are neither messages nor optional in the contract.
func markRequired(schema, schemas object, message string) {
	var required []any
	for property, described := range lookup(schema, "properties") {
		if optional(message, property) {
			continue
		}
		target, _ := described.(object)["$ref"].(string)
		if target == "" || lookup(schemas, strings.TrimPrefix(target, schemaPrefix))["enum"] != nil {
			required = append(required, property)
		}
	}
	slices.SortFunc(required, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	if len(required) > 0 {
		schema["required"] = required
	}
}

// optional reports whether a field has explicit presence, so that a missing field differs from its zero value.
func optional(message, field string) bool {
	descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(message))
	if err != nil {
		return false // Not a message of a contract.
	}
	described, ok := descriptor.(protoreflect.MessageDescriptor)
	if !ok {
		return false
	}
	of := described.Fields().ByName(protoreflect.Name(field))
	return of != nil && of.HasOptionalKeyword()
}

// closeComposedSchemas makes a schema composed of parts refuse properties that none of the parts has. With additionalProperties it would
// also refuse the parts' own properties.
func closeComposedSchemas(schemas object) {
	for _, schema := range schemas {
		schema := schema.(object)
		if closed, ok := schema["additionalProperties"]; ok && (schema["allOf"] != nil || schema["oneOf"] != nil) {
			delete(schema, "additionalProperties")
			schema["unevaluatedProperties"] = closed
		}
	}
}

// collectSchemas adds to used every schema that a node references, directly or through other schemas.
func collectSchemas(node any, schemas, used object) {
	switch node := node.(type) {
	case object:
		if ref, ok := node["$ref"].(string); ok {
			name := strings.TrimPrefix(ref, schemaPrefix)
			if used[name] == nil {
				used[name] = schemas[name]
				collectSchemas(schemas[name], schemas, used)
			}
		}
		for _, child := range node {
			collectSchemas(child, schemas, used)
		}
	case []any:
		for _, child := range node {
			collectSchemas(child, schemas, used)
		}
	}
}
