package rpcserver

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// TestCancelAtTheDeadlineIsADeadline has a caller cancel with and without time left.
func TestCancelAtTheDeadlineIsADeadline(t *testing.T) {
	for name, tc := range map[string]struct {
		left time.Duration
		want errorsv1.Reason
	}{
		"the time is up": {-time.Second, errorsv1.Reason_REASON_DEADLINE_EXCEEDED},
		"there is time":  {time.Hour, errorsv1.Reason_REASON_CANCELED},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), tc.left)
			defer cancel()
			err := masked(slog.New(slog.DiscardHandler))(ctx, call{}, func(context.Context) error { return context.Canceled })
			if got := errs.Reason(err); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}
