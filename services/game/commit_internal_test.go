package game

import (
	"context"
	"errors"
	"testing"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store"
)

// failingStore is a store whose transactions all fail.
type failingStore struct {
	store.Store

	errs    []error // Returned one after the other; the last is repeated.
	updates int
}

func (s *failingStore) Update(context.Context, func(play.Tx) error) error {
	s.updates++
	return s.errs[min(s.updates, len(s.errs))-1]
}

func TestCommandsAreRetriedAloneOnlyIfOneMayBeAtFault(t *testing.T) {
	rejected, unavailable := errors.New("constraint failed"), errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the database went away")
	for name, tc := range map[string]struct {
		errs    []error
		updates int
	}{
		"a row that violates a constraint": {[]error{rejected}, 4},
		// The group may have been written: a command without a request id would have its effect twice.
		"an unknown outcome":                  {[]error{unavailable}, 1},
		"a transaction that times out":        {[]error{context.DeadlineExceeded}, 1},
		"a database that becomes unavailable": {[]error{rejected, rejected, unavailable}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			failing := &failingStore{errs: tc.errs}
			c := newCommitter(&Service{cfg: Default(), store: failing, metrics: newMetrics(telemetry.Discard().For("game", 0))})
			group := make([]*command, 3)
			for i := range group {
				group[i] = &command{ctx: t.Context(), done: make(chan struct{})}
			}
			c.commit(group)
			if failing.updates != tc.updates {
				t.Errorf("%d transactions, want %d", failing.updates, tc.updates)
			}
			for i, cmd := range group {
				<-cmd.done
				if want := tc.errs[min(i+1, len(tc.errs)-1)]; !errors.Is(cmd.err, want) {
					t.Errorf("caller %d got %v, want %v", i, cmd.err, want)
				}
			}
		})
	}
}
