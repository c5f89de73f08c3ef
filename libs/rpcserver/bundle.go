package rpcserver

import (
	"context"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/bitcraps/bitcraps/libs/telemetry"
	bundlev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/bundle/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// TraceparentKey is the key of a bundled call's metadata under which its trace travels. A call by itself has otelgrpc's.
const TraceparentKey = "traceparent"

// Bundled are the full names of a contract's methods that may be called in bundles. A contract that nobody knows has none.
func Bundled(contract string) (methods []string) {
	descriptor, _ := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(contract))
	service, ok := descriptor.(protoreflect.ServiceDescriptor)
	for i := 0; ok && i < service.Methods().Len(); i++ {
		method := service.Methods().Get(i)
		if bundled, _ := proto.GetExtension(method.Options(), optionsv1.E_Bundled).(bool); bundled {
			methods = append(methods, "/"+contract+"/"+string(method.Name()))
		}
	}
	return methods
}

// maxSaid is how many bytes a key or a value of a bundled call's metadata has at most.
const maxSaid = 512

// bundles answers calls that came in one message. Each is a call of its own: it goes through what it would have gone through, is
// counted and logged by itself, and fails alone.
type bundles struct {
	bundlev1.UnimplementedBundleServiceServer

	methods     map[string]method
	interceptor grpc.UnaryServerInterceptor
	tracer      trace.Tracer
	workers     *workers
}

// MakeCalls implements bundlev1.BundleServiceServer.
func (b *bundles) MakeCalls(ctx context.Context, req *bundlev1.MakeCallsRequest) (*bundlev1.MakeCallsResponse, error) {
	answers := make([]*bundlev1.Answer, len(req.GetCalls()))
	var calls sync.WaitGroup
	for i, call := range req.GetCalls() {
		calls.Add(1)
		b.workers.do(func() { defer calls.Done(); answers[i] = b.answer(ctx, call) })
	}
	calls.Wait()
	return &bundlev1.MakeCallsResponse{Answers: answers}, nil
}

func (b *bundles) answer(ctx context.Context, call *bundlev1.Call) *bundlev1.Answer {
	response, err := b.call(ctx, call)
	if err == nil {
		var encoded []byte
		if encoded, err = proto.Marshal(response); err == nil {
			return &bundlev1.Answer{Response: encoded}
		}
	}
	encoded, err := proto.Marshal(status.Convert(err).Proto())
	if err != nil { // A message that is no UTF-8; masked errors have none.
		encoded, _ = proto.Marshal(status.New(codes.Internal, "the error can't be told").Proto())
	}
	return &bundlev1.Answer{Status: encoded}
}

func (b *bundles) call(ctx context.Context, call *bundlev1.Call) (response proto.Message, err error) {
	m, known := b.methods[call.GetMethod()]
	if !known {
		return nil, status.Errorf(codes.Unimplemented, "%s takes no bundled calls", call.GetMethod())
	}
	said := call.GetMetadata()
	if len(said)%2 != 0 {
		return nil, status.Error(codes.Internal, "metadata has a key without a value")
	}
	// Not in the contract: protovalidate takes sixteen times as long for a bundle with rules for what a list has.
	if slices.ContainsFunc(said, func(text string) bool { return len(text) > maxSaid }) {
		return nil, status.Errorf(codes.Internal, "metadata has a text of more than %d bytes", maxSaid)
	}
	ctx, cancel := context.WithTimeout(ctx, call.GetTimeout().AsDuration())
	defer cancel()
	md := metadata.Pairs(said...)
	// Also where it is that of none: the bundle's own trace is not the call's.
	parent := trace.ContextWithSpanContext(ctx, trace.SpanContext{})
	if text := md.Get(TraceparentKey); len(text) == 1 {
		parent = trace.ContextWithRemoteSpanContext(ctx, telemetry.ParseTraceparent(text[0]))
	}
	ctx = metadata.NewIncomingContext(parent, md)
	ctx, span := b.tracer.Start(ctx, call.GetMethod()[1:], m.span...)
	defer func() { telemetry.End(span, err) }()
	answer, err := m.handler(m.server, ctx, func(into any) error {
		if err := proto.Unmarshal(call.GetRequest(), into.(proto.Message)); err != nil {
			return status.Errorf(codes.Internal, "the request can't be read: %v", err)
		}
		return nil
	}, b.interceptor)
	if err != nil {
		return nil, err
	}
	return answer.(proto.Message), nil
}
