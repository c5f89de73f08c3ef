package gateway

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

type idempotencyKey struct{}

// withIdempotencyKey returns a context with the request's Idempotency-Key header.
func withIdempotencyKey(ctx context.Context, key string) context.Context {
	if key == "" {
		return ctx
	}
	return context.WithValue(ctx, idempotencyKey{}, key)
}

// idempotentConn copies the Idempotency-Key header into the request_id field of requests that have this field.
type idempotentConn struct{ grpc.ClientConnInterface }

func newIdempotentConn(conn grpc.ClientConnInterface) grpc.ClientConnInterface {
	return idempotentConn{conn}
}

// Invoke implements grpc.ClientConnInterface.
func (c idempotentConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	key, _ := ctx.Value(idempotencyKey{}).(string)
	if message, ok := args.(proto.Message); ok && key != "" {
		if err := setRequestID(message.ProtoReflect(), key); err != nil {
			return err
		}
	}
	return c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
}

func setRequestID(message protoreflect.Message, key string) error {
	field := message.Descriptor().Fields().ByName("request_id")
	if field == nil {
		return nil
	}
	if given := message.Get(field).String(); given != "" && given != key {
		return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "request_id is %q and the Idempotency-Key header %q; send one of them", given, key).
			Field("request_id", "must equal the Idempotency-Key, or be omitted")
	}
	message.Set(field, protoreflect.ValueOfString(key))
	return nil
}
