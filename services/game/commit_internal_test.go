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

// refusing is a store that takes nothing.
type refusing struct {
	store.Store

	errs    []error // One behind the other, then the last again.
	updates int
}

func (s *refusing) Update(context.Context, func(play.Tx) error) error {
	s.updates++
	return s.errs[min(s.updates, len(s.errs))-1]
}

func TestOnlyWhatIsWrongWithinAGroupIsTriedAlone(t *testing.T) {
	misfit, away := errors.New("constraint failed"), errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the database went away")
	for name, tc := range map[string]struct {
		errs    []error
		updates int
	}{
		"a row that does not fit": {[]error{misfit}, 4},
		// It may have been written: a command without a request id would be done twice.
		"an outcome that nobody knows":   {[]error{away}, 1},
		"a transaction that is slow":     {[]error{context.DeadlineExceeded}, 1},
		"a database that goes away then": {[]error{misfit, misfit, away}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			refuses := &refusing{errs: tc.errs}
			c := newCommitter(&Service{cfg: Default(), store: refuses, metrics: newMetrics(telemetry.Discard().For("game", 0))})
			group := make([]*command, 3)
			for i := range group {
				group[i] = &command{ctx: t.Context(), done: make(chan struct{})}
			}
			c.commit(group)
			if refuses.updates != tc.updates {
				t.Errorf("%d transactions, want %d", refuses.updates, tc.updates)
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
