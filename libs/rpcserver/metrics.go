package rpcserver

import (
	"context"
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	bundlev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/bundle/v1"
)

// measured counts calls by the HTTP status of their reason, so that one query finds failures over gRPC and REST. For a bundle it counts
// the calls, and the bundle itself only where it fails as a whole.
func measured(requests *telemetry.Requests) interceptor {
	return func(ctx context.Context, c call, next func(context.Context) error) error {
		start := time.Now()
		err := next(ctx)
		if err == nil && c.method == bundlev1.BundleService_MakeCalls_FullMethodName {
			return nil
		}
		request := telemetry.Request{Method: c.method, Endpoint: telemetry.GRPC, Status: errs.HTTPStatus(err), Stream: c.stream}
		if err != nil {
			request.Reason = errs.Name(errs.Reason(err))
		}
		requests.Observe(ctx, request, time.Since(start))
		return err
	}
}
