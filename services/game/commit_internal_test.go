package game

import (
	"context"
	"errors"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store"
)

// refusing is a store that takes nothing.
type refusing struct {
	store.Store

	err     error
	updates int
}

func (s *refusing) Update(context.Context, func(play.Tx) error) error {
	s.updates++
	return s.err
}

func TestOnlyWhatIsWrongWithinAGroupIsTriedAlone(t *testing.T) {
	for name, tc := range map[string]struct {
		err     error
		updates int
	}{
		"a row that does not fit": {errors.New("constraint failed"), 4},
		// It may have been written: a command without a request id would be done twice.
		"an outcome that nobody knows": {errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the database went away"), 1},
		"a transaction that is slow":   {context.DeadlineExceeded, 1},
	} {
		t.Run(name, func(t *testing.T) {
			refuses := &refusing{err: tc.err}
			c := newCommitter(&Service{cfg: Default(), store: refuses, metrics: newMetrics(prometheus.NewRegistry())})
			group := make([]*command, 3)
			for i := range group {
				group[i] = &command{ctx: t.Context(), done: make(chan struct{})}
			}
			c.commit(group)
			if refuses.updates != tc.updates {
				t.Errorf("%d transactions, want %d", refuses.updates, tc.updates)
			}
			for _, cmd := range group {
				<-cmd.done
				if !errors.Is(cmd.err, tc.err) {
					t.Errorf("a caller got %v", cmd.err)
				}
			}
		})
	}
}
