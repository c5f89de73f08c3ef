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

// handleError renders the error of a failed call.
func (g *Gateway) handleError(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	g.writeError(ctx, w, r, err)
}

// handleRoutingError renders the error of a request that matches no route.
func (g *Gateway) handleRoutingError(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	if code == http.StatusMethodNotAllowed {
		allow := g.routes.allowed(r.URL.Path)
		w.Header().Set("Allow", allow)
		g.writeError(ctx, w, r, errs.New(errorsv1.Reason_REASON_METHOD_NOT_ALLOWED, "this path does not support %s; it supports %s", r.Method, allow))
		return
	}
	g.writeError(ctx, w, r, errs.New(errorsv1.Reason_REASON_ROUTE_NOT_FOUND, "no such path; GET /openapi.json lists all paths"))
}

// writeError writes an error as google.rpc.Status, with the HTTP status and the headers for its reason.
func (g *Gateway) writeError(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) {
	err = explainNotFound(ctx, err)
	masked := errs.Mask(withReason(err))
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
		g.logger.ErrorContext(ctx, "can't render an error", "error", err)
		body = []byte(`{"code":13,"message":"internal error","details":[]}`)
	}
	w.WriteHeader(errs.HTTPStatus(masked))
	_, _ = w.Write(body) //nolint:gosec // G705: the body is JSON and is declared as such. A write error means that the client has disconnected.
}

// explainNotFound replaces a game-not-found error by the reason for which the caller's credentials were refused, if they were: the
// game may exist and be visible only to admitted players.
func explainNotFound(ctx context.Context, err error) error {
	if unnamed := recordOf(ctx).credentialsErr; unnamed != nil && errs.Reason(err) == errorsv1.Reason_REASON_GAME_NOT_FOUND {
		return unnamed
	}
	return err
}

// withReason adds a reason to errors that grpc-gateway itself returns for a body, a path or a query that it can't parse.
func withReason(err error) error {
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
