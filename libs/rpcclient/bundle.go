package rpcclient

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	bundlev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/bundle/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// bundled is a call that waits for its answer.
type bundled struct {
	ctx    context.Context
	call   *bundlev1.Call
	answer *bundlev1.Answer
	err    error // That of the bundle as a whole.
	done   chan struct{}
}

// intercept is the innermost interceptor. To a call that goes in a bundle, options that speak of a connection mean nothing, and there
// are no headers or trailers.
func (b *bundler) intercept(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	request, ok := req.(proto.Message)
	if !ok || !slices.Contains(b.methods, method) || proto.Size(request) > maxBundledBytes {
		return invoker(ctx, method, req, reply, cc, opts...)
	}
	if b.tryStart() {
		defer b.finish(cc)
		return invoker(ctx, method, req, reply, cc, opts...)
	}
	encoded, err := proto.Marshal(request)
	if err != nil {
		return grpcstatus.Errorf(codes.Internal, "encode a request of %s: %v", method, err)
	}
	waits := &bundled{ctx: ctx, done: make(chan struct{}), call: &bundlev1.Call{Method: method, Metadata: outgoingMetadata(ctx), Request: encoded}}
	b.enqueue(waits, cc)
	select {
	case <-waits.done:
	case <-ctx.Done():
		return grpcstatus.FromContextError(ctx.Err()).Err()
	}
	err = waits.result(reply.(proto.Message))
	if grpcstatus.Code(err) == codes.Unimplemented || tooMuch(err) && hasRequestID(req) {
		return invoker(ctx, method, req, reply, cc, opts...) // A server of the release before may know no bundles, or bundle other methods.
	}
	if tooMuch(err) {
		return errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "nobody knows whether the call took effect; look before you make it again").WithCause(err)
	}
	return err
}

// tooMuch reports whether something was too much for gRPC itself. Either the server refused the bundle unread, or an answer was
// too large, or a proxy shed load; in the last two cases the calls may have taken effect.
func tooMuch(err error) bool {
	return grpcstatus.Code(err) == codes.ResourceExhausted && errs.Reason(err) == errorsv1.Reason_REASON_INTERNAL
}

// outgoingMetadata is what the call would have said in its headers.
func outgoingMetadata(ctx context.Context) []string {
	md, _ := metadata.FromOutgoingContext(ctx)
	all := make([]string, 0, 2*len(md)+2)
	for key, values := range md {
		for _, value := range values {
			all = append(all, key, value)
		}
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

// send makes the calls of a bundle and tells each what came of it. Those whose callers have given up are not made.
func send(group []*bundled, cc *grpc.ClientConn) {
	group = slices.DeleteFunc(group, func(c *bundled) bool { return c.ctx.Err() != nil })
	if len(group) == 0 {
		return
	}
	req, latest := &bundlev1.MakeCallsRequest{}, time.Time{}
	for _, waits := range group {
		deadline, _ := waits.ctx.Deadline() // The outermost interceptor has given it one.
		waits.call.Timeout = durationpb.New(time.Until(deadline))
		req.Calls = append(req.Calls, waits.call)
		if deadline.After(latest) {
			latest = deadline
		}
	}
	// The bundle is in the trace of its first call, and is made in nobody's name.
	ctx := metadata.NewOutgoingContext(identity.NewContext(context.WithoutCancel(group[0].ctx), identity.Caller{}), nil)
	ctx, cancel := context.WithDeadline(ctx, latest)
	defer cancel()
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
