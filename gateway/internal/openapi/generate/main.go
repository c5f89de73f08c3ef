// Command generate turns what protoc-gen-connect-openapi makes of the contracts into the document that the gateway
// serves: with the statuses, error bodies, forms and credentials that calls really have.
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
		"description": "Provably fair multiplayer craps with play tokens. Every path is there without v1 too: /api/games is /api/v1/games.",
		"license":     object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
	}
	doc["servers"] = []any{object{"url": "/"}}
	paths, schemas := at(doc, "paths"), at(doc, "components", "schemas")
	for _, route := range gateway.Routes() {
		if described, ok := streams[route.Path]; ok {
			operation := described()
			refuse(at(operation, "responses"), route)
			paths[route.Path] = object{"get": operation}
			continue
		}
		method := strings.ToLower(route.Method)
		operation := at(paths, route.Path, method)
		if operation == nil {
			return fmt.Errorf("%s %s is not in the document", route.Method, route.Path)
		}
		amend(operation, route)
	}
	schemas["Error"] = errorSchema()
	at(doc, "components")["securitySchemes"] = object{
		"bearer": object{"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
		"cookie": object{"type": "apiKey", "in": "cookie", "name": "bitcraps_session"},
	}
	plainIntegers(doc)
	used := object{}
	refer(paths, schemas, used)
	at(doc, "components")["schemas"] = used
	requireAnswers(doc, used)
	closeWholes(used)
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(doc)
}

// at follows keys through objects; nil where there is nothing.
func at(doc object, keys ...string) object {
	for _, key := range keys {
		doc, _ = doc[key].(object)
	}
	return doc
}

// amend makes an operation say what the gateway does.
func amend(operation object, route gateway.Route) {
	responses := at(operation, "responses")
	success := responses["200"]
	delete(responses, "200")
	responses[strconv.Itoa(route.Status)] = success
	delete(responses, "default")
	refuse(responses, route)
	if route.Rule.Person {
		operation["security"] = []any{object{"bearer": []any{}}, object{"cookie": []any{}}}
	} else {
		operation["security"] = []any{}
	}
	content := at(operation, "requestBody", "content")
	if content == nil {
		return
	}
	at(operation, "requestBody")["required"] = false
	// Path parameters are filled from the path alone.
	properties := at(content, "application/json", "schema", "properties")
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

func failure(description string) object {
	return object{"description": description,
		"content": object{"application/json": object{"schema": object{"$ref": "#/components/schemas/Error"}}}}
}

// streams are what contracts can't describe.
var streams = map[string]func() object{gateway.EventsPath: events, gateway.SocketPath: socket}

// events describes the stream of server-sent events, which the contracts can't.
func events() object {
	return object{
		"tags": []any{"GameService"}, "operationId": "GameService_WatchGame", "summary": "WatchGame",
		"description": "Streams the game's events as server-sent events: first those after Last-Event-ID, then each as it happens. " +
			"The id of an event is its sequence, its name the kind of what happened, its data an Event. What has no id is none: " +
			"\"presence\" says who is there, \"end\" is the last. docs/live.md describes both.",
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

// socket describes the handshake of the WebSocket. docs/live.md describes what is said on it.
func socket() object {
	return object{
		"tags": []any{"GameService"}, "operationId": "GameService_Live", "summary": "Live",
		"description": "Opens a WebSocket on which a player watches many games. docs/live.md describes its messages.",
		"parameters": []any{
			object{"name": "Sec-WebSocket-Protocol", "in": "header", "required": true, "schema": object{"type": "string", "const": "bitcraps.v1"}},
		},
		"security":  []any{object{"bearer": []any{}}, object{"cookie": []any{}}},
		"responses": object{"101": object{"description": "The connection is a WebSocket."}},
	}
}

// errorSchema is google.rpc.Status as JSON.
func errorSchema() object {
	return object{
		"type": "object", "title": "Error", "description": "google.rpc.Status. The detail of type ErrorInfo holds the reason; docs/errors.md lists all.",
		"properties": object{
			"code":    object{"type": "integer", "description": "google.rpc.Code"},
			"message": object{"type": "string", "description": "What is wrong and what to do, for people."},
			"details": object{"type": "array", "items": object{"type": "object", "properties": object{"@type": object{"type": "string"}},
				"additionalProperties": true}},
		},
		"required": []any{"code", "message", "details"},
	}
}

// plainIntegers undoes what protojson would need: our 64-bit integers are JSON numbers.
func plainIntegers(node any) {
	switch node := node.(type) {
	case object:
		if types, ok := node["type"].([]any); ok && slices.Contains(types, any("integer")) {
			node["type"] = "integer"
		}
		if _, named := node["title"].(string); named && (node["type"] != nil || node["$ref"] != nil) {
			delete(node, "title") // It repeats the field's name.
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
