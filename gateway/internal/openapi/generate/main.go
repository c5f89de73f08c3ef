// Command generate converts the document that protoc-gen-connect-openapi generates from the contracts into the OpenAPI document that
// the gateway serves, by adding the statuses, error bodies, forms and credentials that the gateway really uses.
//
//	go run ./gateway/internal/openapi/generate bin/openapi/raw.json > gateway/internal/openapi/openapi.json
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/bitcraps/bitcraps/gateway"
)

type object = map[string]any

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate RAW.json > openapi.json")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var doc object
	if err := json.Unmarshal(text, &doc); err != nil {
		return err
	}
	doc["info"] = object{
		"title":       "BitCraps",
		"version":     "v1",
		"description": "Provably fair multiplayer craps with play tokens. Every path also exists without v1: /api/games is the same as /api/v1/games. HEAD is supported wherever GET is, except for event streams and the WebSocket.",
		"license":     object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
	}
	doc["servers"] = []any{object{"url": "/"}}
	paths, schemas := lookup(doc, "paths"), lookup(doc, "components", "schemas")
	for _, route := range gateway.Routes() {
		if described, ok := streamOperations[route.Path]; ok {
			operation := described()
			addRefusals(lookup(operation, "responses"), route)
			paths[route.Path] = object{"get": operation}
			continue
		}
		method := strings.ToLower(route.Method)
		operation := lookup(paths, route.Path, method)
		if operation == nil {
			return fmt.Errorf("%s %s is not in the document", route.Method, route.Path)
		}
		amendOperation(operation, route)
	}
	schemas["Error"] = errorSchema()
	lookup(doc, "components")["securitySchemes"] = object{
		"bearer": object{"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
		"cookie": object{"type": "apiKey", "in": "cookie", "name": "bitcraps_session"},
	}
	plainIntegers(doc)
	used := object{}
	collectSchemas(paths, schemas, used)
	lookup(doc, "components")["schemas"] = used
	requireResponseFields(doc, used)
	closeComposedSchemas(used)
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(doc)
}

// lookup follows keys through nested objects. It returns nil if there is no such object.
func lookup(doc object, keys ...string) object {
	for _, key := range keys {
		doc, _ = doc[key].(object)
	}
	return doc
}

// amendOperation changes an operation to match the gateway's behavior.
func amendOperation(operation object, route gateway.Route) {
	responses := lookup(operation, "responses")
	success := responses["200"]
	delete(responses, "200")
	responses[strconv.Itoa(route.Status)] = success
	delete(responses, "default")
	addRefusals(responses, route)
	if route.Rule.RequiresPlayer {
		operation["security"] = []any{object{"bearer": []any{}}, object{"cookie": []any{}}}
	} else {
		operation["security"] = []any{}
	}
	content := lookup(operation, "requestBody", "content")
	if content == nil {
		return
	}
	lookup(operation, "requestBody")["required"] = false
	// Path parameters are not read from the body.
	properties := lookup(content, "application/json", "schema", "properties")
	for name := range properties {
		if strings.Contains(route.Path, "{"+name+"}") {
			delete(properties, name)
		}
	}
	if route.Request.Fields().ByName("request_id") != nil {
		parameters, _ := operation["parameters"].([]any)
		operation["parameters"] = append(parameters, object{"name": "Idempotency-Key", "in": "header",
			"description": "Makes a retry safe, as request_id does.", "schema": object{"type": "string", "maxLength": 255}})
	}
	content["application/x-www-form-urlencoded"] = content["application/json"]
}

func errorResponse(description string) object {
	return object{"description": description,
		"content": object{"application/json": object{"schema": object{"$ref": "#/components/schemas/Error"}}}}
}

// streamOperations describe the routes that the contracts can't.
var streamOperations = map[string]func() object{gateway.EventsPath: eventsOperation, gateway.SocketPath: socketOperation}

// eventsOperation describes the stream of server-sent events.
func eventsOperation() object {
	return object{
		"tags": []any{"GameService"}, "operationId": "GameService_WatchGame", "summary": "WatchGame",
		"description": "Streams the game's events as server-sent events: first those after Last-Event-ID, then each as it happens. " +
			"An event's id is its sequence, its name the kind of event, its data an Event. Messages without an id are not game events: " +
			"\"presence\" reports who is present, \"end\" is the last message. docs/live.md describes both.",
		"parameters": []any{
			object{"name": "game_id", "in": "path", "required": true, "schema": object{"type": "string", "format": "uuid"}},
			object{"name": "Last-Event-ID", "in": "header", "schema": object{"type": "integer", "minimum": 0}},
			object{"name": "after_sequence", "in": "query", "schema": object{"type": "integer", "minimum": 0}},
		},
		"security": []any{},
		"responses": object{
			"200": object{"description": "Success", "content": object{"text/event-stream": object{
				"schema": object{"$ref": "#/components/schemas/bitcraps.game.v1.Event"}}}}},
	}
}

// socketOperation describes the WebSocket's handshake. docs/live.md describes its messages.
func socketOperation() object {
	return object{
		"tags": []any{"GameService"}, "operationId": "GameService_Live", "summary": "Live",
		"description": "Opens a WebSocket on which a player watches many games. docs/live.md describes its messages.",
		"parameters": []any{
			object{"name": "Sec-WebSocket-Protocol", "in": "header", "required": true, "schema": object{"type": "string", "const": "bitcraps.v1"}},
		},
		"security":  []any{object{"bearer": []any{}}, object{"cookie": []any{}}},
		"responses": object{"101": object{"description": "The connection is upgraded to a WebSocket."}},
	}
}

// errorSchema describes google.rpc.Status as JSON.
func errorSchema() object {
	return object{
		"type": "object", "title": "Error", "description": "google.rpc.Status. The detail of type ErrorInfo contains the reason; docs/errors.md lists all reasons.",
		"properties": object{
			"code":    object{"type": "integer", "description": "google.rpc.Code"},
			"message": object{"type": "string", "description": "What is wrong and what to do, in readable text."},
			"details": object{"type": "array", "items": object{"type": "object", "properties": object{"@type": object{"type": "string"}},
				"additionalProperties": true}},
		},
		"required": []any{"code", "message", "details"},
	}
}

// plainIntegers removes the string alternative that protojson allows for 64-bit integers: the gateway encodes them as JSON numbers.
func plainIntegers(node any) {
	switch node := node.(type) {
	case object:
		if types, ok := node["type"].([]any); ok && slices.Contains(types, any("integer")) {
			node["type"] = "integer"
		}
		if _, named := node["title"].(string); named && (node["type"] != nil || node["$ref"] != nil) {
			delete(node, "title") // It only repeats the field's name.
		}
		for _, child := range node {
			plainIntegers(child)
		}
	case []any:
		for _, child := range node {
			plainIntegers(child)
		}
	}
}
