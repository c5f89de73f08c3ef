package gateway

import (
	"errors"
	"net/http"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/bitcraps/bitcraps/gateway/internal/codec"
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// checkParameters refuses path and query parameters that are invalid or that the call does not have, and query parameters that belong
// in the path or the body, which grpc-gateway would silently ignore.
func checkParameters(r *http.Request, route Route, path map[string]string) error {
	fields := route.Request.Fields()
	for name, text := range path {
		if field := fields.ByName(protoreflect.Name(name)); field != nil {
			if err := codec.CheckField(text, field); err != nil {
				return invalidField(err)
			}
		}
	}
	if r.URL.RawQuery == "" {
		return nil
	}
	query := r.URL.Query()
	if err := codec.CheckFields(query, route.Request); err != nil {
		return invalidField(err)
	}
	for name := range query {
		if _, inPath := path[name]; inPath {
			return invalidField(&codec.Violation{Field: name, Must: "must be sent in the path only"})
		}
		if route.Body {
			return invalidField(&codec.Violation{Field: name, Must: "must be sent in the body, not in the query"})
		}
	}
	return nil
}

// atMostOne refuses a repeated header, since different readers could use different values.
func atMostOne(header http.Header, name string) error {
	if len(header.Values(name)) > 1 {
		return invalidField(&codec.Violation{Field: name, Must: "must be sent once"})
	}
	return nil
}

// invalidField converts a violation to an error for the caller.
func invalidField(err error) error {
	refusal := errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "%w", err)
	if v, ok := errors.AsType[*codec.Violation](err); ok {
		return refusal.Field(v.Field, v.Must)
	}
	return refusal
}
