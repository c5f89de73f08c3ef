package rpcserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"buf.build/go/protovalidate"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// call describes a call, unary or stream, to interceptors.
type call struct {
	method string
	stream bool
}

// interceptor wraps calls of both kinds: it runs next, and may do something before and after.
type interceptor func(ctx context.Context, c call, next func(context.Context) error) error

// chain is a list of interceptors, the outermost first.
type chain []interceptor

// run runs the chain around last. It allocates one function for the whole chain, so each interceptor may call next only once.
func (all chain) run(ctx context.Context, c call, last func(context.Context) error) error {
	started := 0
	var next func(context.Context) error
	next = func(ctx context.Context) error {
		if started == len(all) {
			return last(ctx)
		}
		started++
		return all[started-1](ctx, c, next)
	}
	return next(ctx)
}

// unary adapts a chain to grpc-go. Inside the chain, it validates requests by the contract's rules.
func unary(all chain, validator protovalidate.Validator) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
		err = all.run(ctx, call{method: info.FullMethod}, func(ctx context.Context) (err error) {
			if err = validate(validator, req); err == nil {
				resp, err = handler(ctx, req)
			}
			return err
		})
		return resp, err
	}
}

// stream does the same for streams.
func stream(all chain, validator protovalidate.Validator) grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return all.run(ss.Context(), call{method: info.FullMethod, stream: true}, func(ctx context.Context) error {
			return handler(srv, &validatingStream{&streamWithContext{ss, ctx}, validator})
		})
	}
}

type streamWithContext struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *streamWithContext) Context() context.Context { return s.ctx }

// RequestIDKey is the metadata key of a request id.
const RequestIDKey = "bitcraps-request-id"

func withRequestID(ctx context.Context, _ call, next func(context.Context) error) error {
	id := ""
	if v := metadata.ValueFromIncomingContext(ctx, RequestIDKey); len(v) == 1 && len(v[0]) <= 64 {
		id = v[0]
	}
	if id == "" {
		id = uuid.NewString()
	}
	return next(telemetry.WithRequestID(ctx, id))
}

func logged(logger *slog.Logger) interceptor {
	return func(ctx context.Context, c call, next func(context.Context) error) error {
		start := time.Now()
		err := next(ctx)
		level := slog.LevelDebug
		if errs.HTTPStatus(err) >= 500 {
			level = slog.LevelWarn
		}
		if logger.Enabled(ctx, level) {
			logger.LogAttrs(ctx, level, "rpc", slog.String("method", c.method), slog.Int("status", errs.HTTPStatus(err)),
				slog.Duration("duration", time.Since(start)))
		}
		return err
	}
}

// masked gives every error a reason, and logs what the caller does not see of it.
func masked(logger *slog.Logger) interceptor {
	return func(ctx context.Context, c call, next func(context.Context) error) error {
		err := next(ctx)
		out := errs.Mask(err)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < deadlineFloor && errs.Reason(out) == errorsv1.Reason_REASON_CANCELED {
			// The caller noticed the deadline first and cancelled. A store that hangs must not look like callers that give up.
			out = errs.Mask(context.DeadlineExceeded)
		}
		if local, ok := errors.AsType[*errs.Error](err); ok && local.HiddenCause() != nil {
			logger.ErrorContext(ctx, "call failed", "method", c.method, "error", local)
		} else if errs.Reason(out) == errorsv1.Reason_REASON_INTERNAL {
			logger.ErrorContext(ctx, "call failed", "method", c.method, "error", err)
		}
		return out
	}
}

// recovered turns a panic into an error, so that it is logged and counted like any other.
func recovered(ctx context.Context, _ call, next func(context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return next(ctx)
}

// deadlineFloor is how much time must be left until the deadline for a call to be worth starting.
const deadlineFloor = 5 * time.Millisecond

func withDeadline(timeout time.Duration) interceptor {
	return func(ctx context.Context, c call, next func(context.Context) error) error {
		deadline, ok := ctx.Deadline()
		switch {
		case ok && time.Until(deadline) < deadlineFloor:
			return context.DeadlineExceeded
		case !ok && !c.stream:
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, timeout)
			defer cancel()
		}
		return next(ctx)
	}
}

// authenticated puts the caller into the context. The service in the certificate takes precedence over what metadata claims.
func authenticated(ctx context.Context, _ call, next func(context.Context) error) error {
	caller, ok := identity.Incoming(ctx)
	if !ok {
		return errors.New("a peer sent malformed identity metadata")
	}
	if name, secured := mtls.PeerService(ctx); secured {
		caller.Service = name
	}
	return next(identity.NewContext(ctx, caller))
}
