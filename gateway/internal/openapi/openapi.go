// Package openapi embeds the OpenAPI document of the REST API. The document is generated from the contracts by the command in generate.
package openapi

import _ "embed"

// Document is the OpenAPI 3.1 document in JSON.
//
//go:embed openapi.json
var Document []byte
