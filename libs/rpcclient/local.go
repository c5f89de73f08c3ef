package rpcclient

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
)

// local is a connection to a server of the same process.
type local struct {
	grpc.ClientConnInterface // Used for streams.

	self    string
	timeout time.Duration
	server  *rpcserver.Server
}

// NewLocal returns a connection over which self calls a server of its own process. Unary calls go directly to it, so call options that
// concern a connection have no effect, and there are no headers or trailers. Streams use conn.
func NewLocal(self string, server *rpcserver.Server, timeout time.Duration, conn grpc.ClientConnInterface) grpc.ClientConnInterface {
	return &local{conn, self, timeout, server}
}

// Invoke implements grpc.ClientConnInterface.
func (l *local) Invoke(ctx context.Context, method string, args, reply any, _ ...grpc.CallOption) error {
	ctx, cancel := withDefaultTimeout(ctx, l.timeout)
	defer cancel()
	return l.server.Call(identity.InProcess(ctx, l.self), method, args.(proto.Message), reply.(proto.Message))
}
