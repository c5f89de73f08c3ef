// Package memnet provides an in-memory network within one process. gRPC runs over it with the same interceptors, deadlines and
// serialization as over TCP.
package memnet

import (
	"context"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc/test/bufconn"
)

// bufferSize is how many bytes a connection buffers before a writer blocks.
const bufferSize = 64 << 10

// Network connects listeners and dialers by name.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*bufconn.Listener
}

// New returns a network without listeners.
func New() *Network {
	return &Network{listeners: make(map[string]*bufconn.Listener)}
}

// Listen returns a listener with the name. It replaces an earlier one of the same name, as after a restart.
func (n *Network) Listen(name string) net.Listener {
	listener := bufconn.Listen(bufferSize)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listeners[name] = listener
	return listener
}

// Dial connects to the name. Its signature is that of grpc.WithContextDialer's argument.
func (n *Network) Dial(ctx context.Context, name string) (net.Conn, error) {
	n.mu.Lock()
	listener, ok := n.listeners[name]
	n.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("memnet: nobody listens as %q", name)
	}
	return listener.DialContext(ctx)
}
