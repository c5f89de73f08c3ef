package rpcclient

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

const (
	// attempts is the maximum number of attempts of a call.
	attempts = 3
	// retryBudget throttles retries of idempotent calls: an overloaded or failing service must not get three times its load. Each failure
	// uses up one token, each success restores half of one, and nothing is retried while half of the budget or less is left.
	retryBudget = 1000
)

// serviceConfig returns the gRPC service config: it balances over the healthy addresses, and retries calls that the contracts mark as
// idempotent.
func serviceConfig(contracts []string) string {
	type name struct {
		Service string `json:"service"`
		Method  string `json:"method"`
	}
	var safe []name
	for _, contract := range contracts {
		descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(contract))
		if err != nil {
			panic(fmt.Sprintf("rpcclient: no contract %s: %v", contract, err)) // A constant of the caller is wrong.
		}
		methods := descriptor.(protoreflect.ServiceDescriptor).Methods()
		for i := range methods.Len() {
			if idempotent(methods.Get(i)) {
				safe = append(safe, name{Service: contract, Method: string(methods.Get(i).Name())})
			}
		}
	}
	config := map[string]any{
		"loadBalancingConfig": []any{map[string]any{balancerName: map[string]any{}}},
		"healthCheckConfig":   map[string]any{"serviceName": ""},
		"retryThrottling":     map[string]any{"maxTokens": retryBudget, "tokenRatio": 0.5},
	}
	if len(safe) > 0 {
		config["methodConfig"] = []any{map[string]any{
			"name": safe,
			"retryPolicy": map[string]any{
				"maxAttempts": attempts, "initialBackoff": "0.01s", "maxBackoff": "0.1s", "backoffMultiplier": 2,
				"retryableStatusCodes": []string{"UNAVAILABLE"},
			},
		}}
	}
	text, err := json.Marshal(config)
	if err != nil {
		panic(err) // Maps of strings and numbers always marshal.
	}
	return string(text)
}

func idempotent(method protoreflect.MethodDescriptor) bool {
	options, _ := method.Options().(*descriptorpb.MethodOptions)
	return options.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN
}

// retryByRequestID retries calls whose request carries a request id: the service applies such a request once, so a call whose answer was
// lost may be repeated. Without an id it is unknown whether the lost call took effect.
func retryByRequestID(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := invoker(ctx, method, req, reply, cc, opts...)
	if !hasRequestID(req) {
		return err
	}
	for n := 1; n < attempts && serverGone(err); n++ {
		pause := time.NewTimer(rand.N(time.Duration(n) * 20 * time.Millisecond))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
		err = invoker(ctx, method, req, reply, cc, opts...)
	}
	return err
}

func hasRequestID(req any) bool {
	keyed, ok := req.(interface{ GetRequestId() string })
	return ok && keyed.GetRequestId() != ""
}

// serverGone reports whether a call failed because its server is down or about to stop. Other causes have the same code, such as
// validators without a quorum; those would fail at the next replica too.
func serverGone(err error) bool {
	if status.Code(err) != codes.Unavailable {
		return false
	}
	reason := errs.Reason(err)
	return reason == errorsv1.Reason_REASON_UNAVAILABLE || reason == errorsv1.Reason_REASON_INTERNAL
}
