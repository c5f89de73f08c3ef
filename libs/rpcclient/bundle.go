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

// bundledCall is a call that waits for its answer.
type bundledCall struct {
	ctx    context.Context
	call   *bundlev1.Call
	answer *bundlev1.Answer
	err    error // The error of the bundle as a whole.
	done   chan struct{}
}

// intercept is the innermost interceptor. For a call that is sent in a bundle, call options that concern a connection have no effect, and
// there are no headers or trailers.
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
	pending := &bundledCall{ctx: ctx, done: make(chan struct{}), call: &bundlev1.Call{Method: method, Metadata: outgoingMetadata(ctx), Request: encoded}}
	b.enqueue(pending, cc)
	select {
	case <-pending.done:
	case <-ctx.Done():
		return grpcstatus.FromContextError(ctx.Err()).Err()
	}
	err = pending.result(reply.(proto.Message))
	if grpcstatus.Code(err) == codes.Unimplemented || transportExhausted(err) && hasRequestID(req) {
		return invoker(ctx, method, req, reply, cc, opts...) // A server of the previous release may not support bundles, or bundle other methods.
	}
	if transportExhausted(err) {
		return errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "it is unknown whether the call took effect; check before you make it again").WithCause(err)
	}
	return err
}

// transportExhausted reports whether gRPC itself, rather than a handler, returned RESOURCE_EXHAUSTED: the server refused the bundle
// unread, or an answer was too large, or a proxy shed load. In the last two cases the calls may have taken effect.
func transportExhausted(err error) bool {
	return grpcstatus.Code(err) == codes.ResourceExhausted && errs.Reason(err) == errorsv1.Reason_REASON_INTERNAL
}

// outgoingMetadata returns the metadata that the call would have sent as headers.
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

func (c *bundledCall) result(reply proto.Message) error {
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

// send makes the calls of a bundle and completes each with its result. Calls whose contexts have ended are left out.
func send(group []*bundledCall, cc *grpc.ClientConn) {
	group = slices.DeleteFunc(group, func(c *bundledCall) bool { return c.ctx.Err() != nil })
	if len(group) == 0 {
		return
	}
	req, latest := &bundlev1.MakeCallsRequest{}, time.Time{}
	for _, pending := range group {
		deadline, _ := pending.ctx.Deadline() // The outermost interceptor has set one.
		pending.call.Timeout = durationpb.New(time.Until(deadline))
		req.Calls = append(req.Calls, pending.call)
		if deadline.After(latest) {
			latest = deadline
		}
	}
	// The bundle belongs to the trace of its first call, and is sent on behalf of no player.
	ctx := metadata.NewOutgoingContext(identity.NewContext(context.WithoutCancel(group[0].ctx), identity.Caller{}), nil)
	ctx, cancel := context.WithDeadline(ctx, latest)
	defer cancel()
	resp, err := bundlev1.NewBundleServiceClient(cc).MakeCalls(ctx, req)
	if err == nil && len(resp.GetAnswers()) != len(group) {
		err = grpcstatus.Errorf(codes.Internal, "%d answers to %d calls", len(resp.GetAnswers()), len(group))
	}
	for i, pending := range group {
		if pending.err = err; err == nil {
			pending.answer = resp.Answers[i]
		}
		close(pending.done)
	}
}
