package rpcclient

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	bundlev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/bundle/v1"
)

// A call of a method whose contract bundles it goes by itself while no other one is under way. Those that come meanwhile go
// together in one message once it is back (docs/adr/0030): nobody waits for a bundle to fill, and the more calls there are the
// less each of them costs.

const (
	// patience is how long a call waits for others to come back at most: one that hangs holds up nobody for long.
	patience = 20 * time.Millisecond
	// maxBundle is how many calls share a message.
	maxBundle = 256
	// maxBundled is the largest request in bytes that does, so that a bundle stays far below what servers take.
	maxBundled = 2 << 10
)

// bundler decides which calls go together.
type bundler struct {
	methods []string

	mu      sync.Mutex
	away    int // Bundles, and calls by themselves, that are under way.
	waiting []*bundled
}

// bundled is a call that waits for its answer.
type bundled struct {
	ctx    context.Context
	call   *bundlev1.Call
	answer *bundlev1.Answer
	err    error // That of the bundle as a whole.
	done   chan struct{}
}

func newBundler(contracts []string) *bundler {
	b := &bundler{}
	for _, contract := range contracts {
		b.methods = append(b.methods, rpcserver.Bundled(contract)...)
	}
	return b
}

// intercept is the innermost interceptor.
func (b *bundler) intercept(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	request, ok := req.(proto.Message)
	if !ok || !slices.Contains(b.methods, method) || proto.Size(request) > maxBundled {
		return invoker(ctx, method, req, reply, cc, opts...)
	}
	if b.alone() {
		defer b.back(cc)
		return invoker(ctx, method, req, reply, cc, opts...)
	}
	encoded, err := proto.Marshal(request)
	if err != nil {
		return grpcstatus.Errorf(codes.Internal, "encode a request of %s: %v", method, err)
	}
	waits := &bundled{ctx: ctx, done: make(chan struct{}), call: &bundlev1.Call{Method: method, Metadata: carried(ctx), Request: encoded}}
	b.wait(waits, cc)
	select {
	case <-waits.done:
	case <-ctx.Done():
		return grpcstatus.FromContextError(ctx.Err()).Err()
	}
	if grpcstatus.Code(waits.err) == codes.Unimplemented { // A server of the release before takes no bundles.
		return invoker(ctx, method, req, reply, cc, opts...)
	}
	return waits.result(reply.(proto.Message))
}

// carried is what the call would have said in its headers.
func carried(ctx context.Context) []string {
	md, _ := metadata.FromOutgoingContext(ctx)
	all := make([]string, 0, 2*len(md)+2)
	for key, values := range md {
		all = append(all, key, values[0])
	}
	if parent := telemetry.Traceparent(trace.SpanContextFromContext(ctx)); parent != "" {
		all = append(all, rpcserver.TraceparentKey, parent)
	}
	return all
}

func (c *bundled) result(reply proto.Message) error {
	switch failed := c.answer.GetStatus(); {
	case c.err != nil:
		return c.err
	case len(failed) > 0:
		var st status.Status
		if err := proto.Unmarshal(failed, &st); err != nil {
			return grpcstatus.Errorf(codes.Internal, "decode a status: %v", err)
		}
		return grpcstatus.FromProto(&st).Err()
	}
	if err := proto.Unmarshal(c.answer.GetResponse(), reply); err != nil {
		return grpcstatus.Errorf(codes.Internal, "decode an answer: %v", err)
	}
	return nil
}

// alone reports whether a call can go by itself. Whoever does says when it is back.
func (b *bundler) alone() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away > 0 {
		return false
	}
	b.away++
	return true
}

func (b *bundler) back(cc *grpc.ClientConn) {
	if group := b.next(); len(group) > 0 {
		go b.drive(group, cc)
	}
}

// wait has a call go with the next bundle.
func (b *bundler) wait(call *bundled, cc *grpc.ClientConn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, call)
	switch {
	case b.away == 0: // The last one came back just now.
		b.depart(cc)
	case len(b.waiting) == 1:
		time.AfterFunc(patience, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			if len(b.waiting) > 0 && b.waiting[0] == call {
				b.depart(cc)
			}
		})
	}
}

// depart sends what waits beside what is under way. It must be called with the lock held.
func (b *bundler) depart(cc *grpc.ClientConn) {
	b.away++
	go b.drive(b.take(), cc)
}

// drive sends a bundle, and behind it what has come meanwhile, until nothing has.
func (b *bundler) drive(group []*bundled, cc *grpc.ClientConn) {
	for ; len(group) > 0; group = b.next() {
		send(group, cc)
	}
}

// next says that a bundle is back and returns the one that goes in its place, if any.
func (b *bundler) next() []*bundled {
	b.mu.Lock()
	defer b.mu.Unlock()
	group := b.take()
	if len(group) == 0 {
		b.away--
	}
	return group
}

// take removes the next bundle from what waits. It must be called with the lock held.
func (b *bundler) take() []*bundled {
	group := b.waiting[:min(len(b.waiting), maxBundle)]
	b.waiting = slices.Clone(b.waiting[len(group):])
	return group
}

// send makes the calls of a bundle and tells each what came of it.
func send(group []*bundled, cc *grpc.ClientConn) {
	req := &bundlev1.MakeCallsRequest{Calls: make([]*bundlev1.Call, len(group))}
	for i, waits := range group {
		req.Calls[i] = waits.call
	}
	// The bundle is in the trace of its first call, and is made in nobody's name.
	ctx := metadata.NewOutgoingContext(identity.NewContext(context.WithoutCancel(group[0].ctx), identity.Caller{}), nil)
	resp, err := bundlev1.NewBundleServiceClient(cc).MakeCalls(ctx, req)
	if err == nil && len(resp.GetAnswers()) != len(group) {
		err = grpcstatus.Errorf(codes.Internal, "%d answers to %d calls", len(resp.GetAnswers()), len(group))
	}
	for i, waits := range group {
		if waits.err = err; err == nil {
			waits.answer = resp.Answers[i]
		}
		close(waits.done)
	}
}
