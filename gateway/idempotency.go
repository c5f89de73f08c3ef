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

// withIdempotencyKey remembers the Idempotency-Key header of a request.
func withIdempotencyKey(ctx context.Context, key string) context.Context {
	if key == "" {
		return ctx
	}
	return context.WithValue(ctx, idempotencyKey{}, key)
}

// keyedConn puts the header's value into the request_id field of requests that have one.
type keyedConn struct{ grpc.ClientConnInterface }

func newKeyedConn(conn grpc.ClientConnInterface) grpc.ClientConnInterface {
	return keyedConn{conn}
}

// Invoke implements grpc.ClientConnInterface.
func (c keyedConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
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
			Field("request_id", "must be the Idempotency-Key, or left out")
	}
	message.Set(field, protoreflect.ValueOfString(key))
	return nil
}
