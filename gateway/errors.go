package gateway

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/bitcraps/bitcraps/gateway/internal/codec"
	"github.com/bitcraps/bitcraps/libs/canonical"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// handleError renders an error that a call ended with.
func (g *Gateway) handleError(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	g.writeError(ctx, w, r, err)
}

// handleRoutingError renders that no route fits.
func (g *Gateway) handleRoutingError(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	if code == http.StatusMethodNotAllowed {
		allow := g.routes.allowed(r.URL.Path)
		w.Header().Set("Allow", allow)
		g.writeError(ctx, w, r, errs.New(errorsv1.Reason_REASON_METHOD_NOT_ALLOWED, "%s is not a method of this path; it has %s", r.Method, allow))
		return
	}
	g.writeError(ctx, w, r, errs.New(errorsv1.Reason_REASON_ROUTE_NOT_FOUND, "there is nothing at this path; GET /openapi.json lists all paths"))
}

// writeError writes an error as google.rpc.Status, with the status and the headers that go with its reason.
func (g *Gateway) writeError(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) {
	err = unseen(ctx, err)
	masked := errs.Mask(own(err))
	if errs.Reason(masked) == errorsv1.Reason_REASON_INTERNAL {
		g.logger.ErrorContext(ctx, "call failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	recordOf(ctx).reason = errs.Name(errs.Reason(masked))
	st := status.Convert(masked)
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	if delay, ok := retryDelay(st); ok {
		header.Set("Retry-After", strconv.Itoa(max(1, int((delay+time.Second-1)/time.Second))))
	}
	if st.Code() == codes.Unauthenticated {
		header.Set("WWW-Authenticate", `Bearer realm="bitcraps"`)
	}
	if id := telemetry.RequestID(ctx); id != "" {
		if detailed, err := st.WithDetails(&errdetails.RequestInfo{RequestId: id}); err == nil {
			st = detailed
		}
	}
	body, err := canonical.JSON(st.Proto())
	if err != nil {
		g.logger.ErrorContext(ctx, "error can't be rendered", "error", err)
		body = []byte(`{"code":13,"message":"something failed inside","details":[]}`)
	}
	w.WriteHeader(errs.HTTPStatus(masked))
	_, _ = w.Write(body) //nolint:gosec // G705: it is JSON and says so. An error means that the client is gone.
}

// unseen is why a game is not there for a caller: where somebody's credentials named nobody, that is why, and not that there is
// none.
func unseen(ctx context.Context, err error) error {
	if unnamed := recordOf(ctx).unnamed; unnamed != nil && errs.Reason(err) == errorsv1.Reason_REASON_GAME_NOT_FOUND {
		return unnamed
	}
	return err
}

// own gives the errors that grpc-gateway raises itself a reason: what it could not read of a body, a path or a query.
func own(err error) error {
	var routing *runtime.HTTPStatusError
	if errors.As(err, &routing) && routing.HTTPStatus == http.StatusBadRequest {
		return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "the path is malformed")
	}
	st, ok := status.FromError(err)
	if !ok || st.Code() != codes.InvalidArgument || errs.Reason(err) != errorsv1.Reason_REASON_INTERNAL {
		return err
	}
	if strings.HasPrefix(st.Message(), codec.Prefix) {
		return errs.New(errorsv1.Reason_REASON_MALFORMED_BODY, "%s", st.Message())
	}
	return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "%s", st.Message())
}

func retryDelay(st *status.Status) (time.Duration, bool) {
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration(), true
		}
	}
	return 0, false
}
