package gateway

import (
	"errors"
	"net/http"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/bitcraps/bitcraps/gateway/internal/codec"
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// checkParameters refuses a path and a query with what the call does not have, and a query with what is read elsewhere:
// grpc-gateway would leave it out without a word.
func checkParameters(r *http.Request, route Route, path map[string]string) error {
	fields := route.Request.Fields()
	for name, text := range path {
		if field := fields.ByName(protoreflect.Name(name)); field != nil {
			if err := codec.CheckField(text, field); err != nil {
				return invalid(err)
			}
		}
	}
	if r.URL.RawQuery == "" {
		return nil
	}
	query := r.URL.Query()
	if err := codec.CheckFields(query, route.Request); err != nil {
		return invalid(err)
	}
	for name := range query {
		if _, there := path[name]; there {
			return invalid(&codec.Violation{Field: name, Must: "must be in the path alone"})
		}
		if route.Body {
			return invalid(&codec.Violation{Field: name, Must: "must be sent in the body, not in the query"})
		}
	}
	return nil
}

// atMostOne refuses a header that is there more than once: whoever reads it would take one of them.
func atMostOne(header http.Header, name string) error {
	if len(header.Values(name)) > 1 {
		return invalid(&codec.Violation{Field: name, Must: "must be there once"})
	}
	return nil
}

// invalid is a violation as callers see it.
func invalid(err error) error {
	refusal := errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "%w", err)
	if v, ok := errors.AsType[*codec.Violation](err); ok {
		return refusal.Field(v.Field, v.Must)
	}
	return refusal
}
