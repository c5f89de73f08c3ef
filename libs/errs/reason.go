package errs

import (
	"net/http"

	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// httpStatus is the HTTP status of each gRPC code. A reason's annotation may override it.
var httpStatus = map[codes.Code]int{
	codes.Canceled:           499, // What nginx calls "client closed request"; net/http has no name for it.
	codes.InvalidArgument:    http.StatusBadRequest,
	codes.DeadlineExceeded:   http.StatusGatewayTimeout,
	codes.NotFound:           http.StatusNotFound,
	codes.AlreadyExists:      http.StatusConflict,
	codes.PermissionDenied:   http.StatusForbidden,
	codes.ResourceExhausted:  http.StatusTooManyRequests,
	codes.FailedPrecondition: http.StatusConflict,
	codes.Aborted:            http.StatusConflict,
	codes.OutOfRange:         http.StatusUnprocessableEntity,
	codes.Unimplemented:      http.StatusNotImplemented,
	codes.Unavailable:        http.StatusServiceUnavailable,
	codes.Unauthenticated:    http.StatusUnauthorized,
}

// Code returns the gRPC code that the contract assigns to a reason.
func Code(reason errorsv1.Reason) codes.Code {
	if c := annotation[code.Code](reason, optionsv1.E_Code); c != code.Code_OK {
		return codes.Code(c)
	}
	return codes.Internal
}

// HTTPStatus returns the HTTP status of err: that of its reason, and 200 for nil.
func HTTPStatus(err error) int {
	if err == nil {
		return http.StatusOK
	}
	reason := Reason(err)
	if s := annotation[int32](reason, optionsv1.E_Http); s != 0 {
		return int(s)
	}
	if s, ok := httpStatus[Code(reason)]; ok {
		return s
	}
	return http.StatusInternalServerError
}

func annotation[T any](reason errorsv1.Reason, extension protoreflect.ExtensionType) T {
	var zero T
	value := reason.Descriptor().Values().ByNumber(reason.Number())
	if value == nil {
		return zero
	}
	v, _ := proto.GetExtension(value.Options(), extension).(T)
	return v
}
