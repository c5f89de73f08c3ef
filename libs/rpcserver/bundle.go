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

// TraceparentKey is the metadata key of a bundled call's trace context. For other calls, otelgrpc transmits it.
const TraceparentKey = "traceparent"

// Bundled returns the full names of a contract's methods that may be called in bundles. It returns none for an unknown contract.
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

// maxMetadataText bounds a key or a value of a bundled call's metadata, in bytes.
const maxMetadataText = 512

// bundles answers calls that arrive in one message. Each is handled as a separate call: it passes through the same interceptors, is
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
	if err != nil { // The message is not UTF-8, which does not occur in masked errors.
		encoded, _ = proto.Marshal(status.New(codes.Internal, "the error can't be encoded").Proto())
	}
	return &bundlev1.Answer{Status: encoded}
}

func (b *bundles) call(ctx context.Context, call *bundlev1.Call) (response proto.Message, err error) {
	m, known := b.methods[call.GetMethod()]
	if !known {
		return nil, status.Errorf(codes.Unimplemented, "%s does not support bundled calls", call.GetMethod())
	}
	pairs := call.GetMetadata()
	if len(pairs)%2 != 0 {
		return nil, status.Error(codes.Internal, "metadata has a key without a value")
	}
	// This rule is not in the contract: with rules for list items, protovalidate takes sixteen times as long for a bundle.
	if slices.ContainsFunc(pairs, func(text string) bool { return len(text) > maxMetadataText }) {
		return nil, status.Errorf(codes.Internal, "metadata has a text of more than %d bytes", maxMetadataText)
	}
	ctx, cancel := context.WithTimeout(ctx, call.GetTimeout().AsDuration())
	defer cancel()
	md := metadata.Pairs(pairs...)
	// Cleared even where the call has no trace: the bundle's trace is not the call's.
	parent := trace.ContextWithSpanContext(ctx, trace.SpanContext{})
	if text := md.Get(TraceparentKey); len(text) == 1 {
		parent = trace.ContextWithRemoteSpanContext(ctx, telemetry.ParseTraceparent(text[0]))
	}
	ctx = metadata.NewIncomingContext(parent, md)
	ctx, span := b.tracer.Start(ctx, call.GetMethod()[1:], m.span...)
	defer func() { telemetry.End(span, err) }()
	answer, err := m.handler(m.server, ctx, func(into any) error {
		if err := proto.Unmarshal(call.GetRequest(), into.(proto.Message)); err != nil {
			return status.Errorf(codes.Internal, "the request can't be decoded: %v", err)
		}
		return nil
	}, b.interceptor)
	if err != nil {
		return nil, err
	}
	return answer.(proto.Message), nil
}
