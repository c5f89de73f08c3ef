// Package openapi is the description of the REST API. The document is generated from the contracts; see the command in
// generate.
package openapi

import _ "embed"

// Document is an OpenAPI 3.1 document in JSON.
//
//go:embed openapi.json
var Document []byte
