// Package errs defines the one kind of error that crosses service boundaries. An Error has a reason from bitcraps.errors.v1.Reason;
// the contract determines the reason's gRPC code and HTTP status, so code that raises an error states the reason and nothing else.
// Any other error leaves a server as INTERNAL without its text.
package errs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Domain is the ErrorInfo domain of every error that this platform raises.
const Domain = "bitcraps"

// Error is an error that may be shown to the caller of a service.
type Error struct {
	reason   errorsv1.Reason
	message  string
	fields   []*errdetails.BadRequest_FieldViolation
	metadata map[string]string
	retry    time.Duration
	cause    error
	hidden   bool // Whether the message omits the cause.
}

// New returns an error with a reason and a message, which should tell the caller what to do next. %w in the format sets the cause.
func New(reason errorsv1.Reason, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{reason: reason, message: err.Error(), cause: errors.Unwrap(err)}
}

// Field names the request field at fault. It returns e.
func (e *Error) Field(name, description string) *Error {
	e.fields = append(e.fields, &errdetails.BadRequest_FieldViolation{Field: name, Description: description})
	return e
}

// WithMetadata adds machine-readable metadata, such as the limit that was exceeded. It returns e.
func (e *Error) WithMetadata(key string, value any) *Error {
	if e.metadata == nil {
		e.metadata = make(map[string]string)
	}
	e.metadata[key] = fmt.Sprint(value)
	return e
}

// RetryAfter sets the delay after which callers should try again. It returns e.
func (e *Error) RetryAfter(delay time.Duration) *Error {
	e.retry = delay
	return e
}

// WithCause attaches a cause for errors.Is and for the log of this process; callers see the message alone. It returns e.
func (e *Error) WithCause(cause error) *Error {
	e.cause, e.hidden = cause, true
	return e
}

// HiddenCause returns the cause that WithCause attached and no caller sees, if any. It belongs in the log.
func (e *Error) HiddenCause() error {
	if e.hidden {
		return e.cause
	}
	return nil
}

// LogValue implements slog.LogValuer: the log shows the message with its hidden cause.
func (e *Error) LogValue() slog.Value {
	if hidden := e.HiddenCause(); hidden != nil {
		return slog.StringValue(e.message + ": " + hidden.Error())
	}
	return slog.StringValue(e.message)
}

// Error implements error.
func (e *Error) Error() string { return e.message }

// Unwrap returns the error that the message wrapped with %w, or that WithCause attached, if any.
func (e *Error) Unwrap() error { return e.cause }

// GRPCStatus implements the interface by which grpc-go converts an error to a status.
func (e *Error) GRPCStatus() *status.Status {
	details := []protoadapt.MessageV1{protoadapt.MessageV1Of(&errdetails.ErrorInfo{
		Reason:   Name(e.reason),
		Domain:   Domain,
		Metadata: e.metadata,
	})}
	if len(e.fields) > 0 {
		details = append(details, protoadapt.MessageV1Of(&errdetails.BadRequest{FieldViolations: e.fields}))
	}
	if e.retry > 0 {
		details = append(details, protoadapt.MessageV1Of(&errdetails.RetryInfo{RetryDelay: durationpb.New(e.retry)}))
	}
	st, err := status.New(Code(e.reason), e.message).WithDetails(details...)
	if err != nil { // WithDetails fails only with code OK, which no reason has, as TestEveryReasonHasACode checks.
		return status.New(codes.Internal, e.message)
	}
	return st
}

// Name is the reason as ErrorInfo carries it: "GAME_FULL" for REASON_GAME_FULL.
func Name(reason errorsv1.Reason) string {
	return strings.TrimPrefix(reason.String(), "REASON_")
}

// Reason returns the reason of err, whether it was raised here or by another service. It is REASON_UNSPECIFIED for nil and
// REASON_INTERNAL for errors of other kinds.
func Reason(err error) errorsv1.Reason {
	if err == nil {
		return errorsv1.Reason_REASON_UNSPECIFIED
	}
	if local, ok := errors.AsType[*Error](err); ok {
		return local.reason
	}
	if st, ok := status.FromError(err); ok {
		for _, detail := range st.Details() {
			if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == Domain {
				return errorsv1.Reason(errorsv1.Reason_value["REASON_"+info.GetReason()])
			}
		}
	}
	return errorsv1.Reason_REASON_INTERNAL
}

// deadlineMessage is shown to callers whose deadline has passed.
const deadlineMessage = "the call took longer than its deadline allowed; ask again, with the same request id if it changes something: it may have done so"

// Mask returns what a caller may see of err: an Error or a status with one of our reasons unchanged; an ended context or one of the
// transport's own codes with the corresponding reason; and everything else as INTERNAL without its text.
func Mask(err error) error {
	if err == nil {
		return nil
	}
	if local, ok := errors.AsType[*Error](err); ok {
		return local
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return New(errorsv1.Reason_REASON_DEADLINE_EXCEEDED, deadlineMessage)
	case errors.Is(err, context.Canceled):
		return New(errorsv1.Reason_REASON_CANCELED, "the caller went away")
	}
	st, ok := status.FromError(err)
	if ok && Reason(err) != errorsv1.Reason_REASON_INTERNAL {
		return st.Err()
	}
	switch st.Code() {
	case codes.DeadlineExceeded:
		return New(errorsv1.Reason_REASON_DEADLINE_EXCEEDED, deadlineMessage)
	case codes.Canceled:
		return New(errorsv1.Reason_REASON_CANCELED, "the caller went away")
	case codes.Unavailable:
		return New(errorsv1.Reason_REASON_UNAVAILABLE, "a service that the call needs does not answer; try again").
			RetryAfter(time.Second)
	case codes.Unimplemented:
		return New(errorsv1.Reason_REASON_UNIMPLEMENTED, "the server does not know this method")
	}
	return New(errorsv1.Reason_REASON_INTERNAL, "internal error; the log line with the request id has the details")
}
