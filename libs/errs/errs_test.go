package errs_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestEveryReasonHasACode(t *testing.T) {
	for number, name := range errorsv1.Reason_name {
		reason := errorsv1.Reason(number)
		if reason == errorsv1.Reason_REASON_UNSPECIFIED {
			continue
		}
		if c := errs.Code(reason); c == codes.Internal && reason != errorsv1.Reason_REASON_INTERNAL {
			t.Errorf("%s has no (options.v1.code)", name)
		}
		if s := errs.HTTPStatus(errs.New(reason, "x")); s < 400 || s > 599 {
			t.Errorf("%s has HTTP status %d", name, s)
		}
		if got := errs.Reason(errs.New(reason, "x").GRPCStatus().Err()); got != reason {
			t.Errorf("%s came back from the wire as %s", name, got)
		}
	}
}

func TestErrorCarriesItsDetails(t *testing.T) {
	err := errs.New(errorsv1.Reason_REASON_AMOUNT_OUT_OF_LIMITS, "amount is 5, the table accepts 10 to 1000").
		Field("amount", "10 to 1000").WithMetadata("min", 10).RetryAfter(time.Second)
	st := err.GRPCStatus()
	if st.Code() != codes.OutOfRange {
		t.Errorf("code = %s", st.Code())
	}
	if got := errs.HTTPStatus(err); got != http.StatusUnprocessableEntity {
		t.Errorf("HTTP status = %d", got)
	}
	var kinds []string
	for _, detail := range st.Details() {
		kinds = append(kinds, fmt.Sprintf("%T", detail))
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetMetadata()["min"] != "10" {
			t.Errorf("metadata = %v", info.GetMetadata())
		}
	}
	if len(kinds) != 3 {
		t.Errorf("details = %v, want ErrorInfo, BadRequest and RetryInfo", kinds)
	}
}

func TestStorageErrorsForCallersAndLog(t *testing.T) {
	cause := errors.New("/secret/game.db: no room")
	for reason, made := range map[errorsv1.Reason][]*errs.Error{
		errorsv1.Reason_REASON_STORAGE_FULL: {errs.StorageFull("game", cause)},
		errorsv1.Reason_REASON_UNAVAILABLE:  {errs.DatabaseUnavailable(cause), errs.OutcomeUnknown(cause)},
	} {
		for _, err := range made {
			if errs.Reason(err) != reason || !errors.Is(err, cause) || strings.Contains(err.GRPCStatus().Message(), "secret") {
				t.Errorf("%v: reason %s, callers read %q", err, errs.Reason(err), err.GRPCStatus().Message())
			}
			delays := slices.ContainsFunc(err.GRPCStatus().Details(), func(detail any) bool {
				retry, ok := detail.(*errdetails.RetryInfo)
				return ok && retry.GetRetryDelay().AsDuration() > 0
			})
			if !delays {
				t.Errorf("%v has no retry delay", err)
			}
		}
	}
}

func TestMask(t *testing.T) {
	ours := errs.New(errorsv1.Reason_REASON_GAME_FULL, "full")
	for name, tc := range map[string]struct {
		err  error
		want errorsv1.Reason
	}{
		"ours":            {ours, errorsv1.Reason_REASON_GAME_FULL},
		"ours, wrapped":   {fmt.Errorf("join: %w", ours), errorsv1.Reason_REASON_GAME_FULL},
		"ours, remote":    {ours.GRPCStatus().Err(), errorsv1.Reason_REASON_GAME_FULL},
		"deadline":        {fmt.Errorf("query: %w", context.DeadlineExceeded), errorsv1.Reason_REASON_DEADLINE_EXCEEDED},
		"remote deadline": {status.Error(codes.DeadlineExceeded, "x"), errorsv1.Reason_REASON_DEADLINE_EXCEEDED},
		"cancelled":       {context.Canceled, errorsv1.Reason_REASON_CANCELED},
		"transport":       {status.Error(codes.Unavailable, "dial 10.0.0.1: refused"), errorsv1.Reason_REASON_UNAVAILABLE},
		"foreign":         {fs.ErrPermission, errorsv1.Reason_REASON_INTERNAL},
		"foreign status":  {status.Error(codes.DataLoss, "SELECT secret"), errorsv1.Reason_REASON_INTERNAL},
	} {
		t.Run(name, func(t *testing.T) {
			masked := errs.Mask(tc.err)
			if got := errs.Reason(masked); got != tc.want {
				t.Errorf("reason = %s, want %s", got, tc.want)
			}
			if tc.want == errorsv1.Reason_REASON_INTERNAL && errors.Is(masked, tc.err) {
				t.Error("the cause is visible through the mask")
			}
		})
	}
	if errs.Mask(nil) != nil {
		t.Error("Mask(nil) is not nil")
	}
}
