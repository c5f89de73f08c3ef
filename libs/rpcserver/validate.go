package rpcserver

import (
	"errors"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// validatingStream validates received messages by the contract's rules.
type validatingStream struct {
	grpc.ServerStream
	validator protovalidate.Validator
}

func (s *validatingStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return validate(s.validator, m)
}

// validate applies the contract's rules. Its error names every field that violates one.
func validate(v protovalidate.Validator, req any) error {
	message, ok := req.(proto.Message)
	if !ok {
		return nil
	}
	err := v.Validate(message)
	if err == nil {
		return nil
	}
	broken, ok := errors.AsType[*protovalidate.ValidationError](err)
	if !ok {
		return err
	}
	first := broken.Violations[0]
	out := errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "%s: %s",
		protovalidate.FieldPathString(first.Proto.GetField()), first.Proto.GetMessage())
	for _, violation := range broken.Violations {
		out = out.Field(protovalidate.FieldPathString(violation.Proto.GetField()), violation.Proto.GetMessage())
	}
	return out
}
