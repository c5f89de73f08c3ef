package rpcclient

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
)

// local calls a server of the same process.
type local struct {
	grpc.ClientConnInterface // For streams.

	self    string
	timeout time.Duration
	server  *rpcserver.Server
}

// NewLocal returns a connection over which self calls a server of its own process. Unary calls go straight to it, so options
// that speak of a connection mean nothing, and there are no headers or trailers. Streams take conn.
func NewLocal(self string, server *rpcserver.Server, timeout time.Duration, conn grpc.ClientConnInterface) grpc.ClientConnInterface {
	return &local{conn, self, timeout, server}
}

// Invoke implements grpc.ClientConnInterface.
func (l *local) Invoke(ctx context.Context, method string, args, reply any, _ ...grpc.CallOption) error {
	ctx, cancel := bounded(ctx, l.timeout)
	defer cancel()
	return l.server.Call(identity.InProcess(ctx, l.self), method, args.(proto.Message), reply.(proto.Message))
}
