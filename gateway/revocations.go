package gateway

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/run"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/token"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

const (
	// revocationInterval is how often the gateway polls the api service for ended sessions.
	revocationInterval = time.Second
	// revocationTimeout bounds one poll.
	revocationTimeout = 2 * time.Second
	// revocationOverlap is by how much consecutive polls overlap: clocks differ, and a session that ended earlier may be stored later.
	revocationOverlap = 30 * time.Second
	// endedRetention is how long an access token of an ended session could otherwise still be valid.
	endedRetention = config.MaxAccessTokenTTL + revocationOverlap
	// maxEnded is how many ended sessions are kept in memory, which takes 100 MB. Beyond it, all tokens issued before are refused;
	// clients with a live session refresh it.
	maxEnded = 1_000_000
)

// revocations is the set of ended sessions whose access tokens have not expired yet.
type revocations struct {
	sessions  apiv1.SessionServiceClient
	clock     clockwork.Clock
	logger    *slog.Logger
	maxEnded  int
	loop      run.Loop
	failing   bool       // Used by the loop's goroutine only.
	polling   sync.Mutex // Serializes polls.
	firstPoll singleflight.Group

	mu     sync.RWMutex
	ended  map[uuid.UUID]time.Time
	polled time.Time // When the last successful poll began; zero before the first.
	pruned time.Time
	floor  time.Time // Tokens issued earlier are refused.
}

func newRevocations(sessions apiv1.SessionServiceClient, clock clockwork.Clock, scope telemetry.Scope) *revocations {
	r := &revocations{sessions: sessions, clock: clock, logger: scope.Logger, maxEnded: maxEnded, ended: make(map[uuid.UUID]time.Time)}
	scope.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "bitcraps_revoked_sessions", Help: "Ended sessions whose access tokens the gateway refuses.",
	}, func() float64 {
		r.mu.RLock()
		defer r.mu.RUnlock()
		return float64(len(r.ended))
	}), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "bitcraps_revocations_age_seconds", Help: "Time since the gateway last learned which sessions ended; it grows while the api service is unavailable.",
	}, func() float64 {
		r.mu.RLock()
		defer r.mu.RUnlock()
		return clock.Since(r.polled).Seconds()
	}))
	return r
}

// check refuses the token of an ended session. Until the first poll has succeeded, it refuses every token.
func (r *revocations) check(ctx context.Context, bearer token.Bearer) error {
	known, err := r.lookup(bearer)
	if known {
		return err
	}
	// Calls before the first poll share it, so cancelling the first caller must not cancel the poll for the others.
	answer := r.firstPoll.DoChan("", func() (any, error) { return nil, r.poll(context.WithoutCancel(ctx)) })
	select {
	case got := <-answer:
		if got.Err != nil {
			return got.Err
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	_, err = r.lookup(bearer)
	return err
}

// lookup returns why a token is refused, if it is; known is false before the first successful poll.
func (r *revocations) lookup(bearer token.Bearer) (known bool, err error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if _, ended := r.ended[bearer.Session]; ended {
		err = errs.New(errorsv1.Reason_REASON_SESSION_ENDED, "the session was ended; sign in again")
	} else if bearer.Issued.Before(r.floor) {
		err = errs.New(errorsv1.Reason_REASON_TOKEN_EXPIRED, "the token is too old; refresh the session")
	}
	return !r.polled.IsZero(), err
}

// poll fetches the sessions that ended since the last poll.
func (r *revocations) poll(ctx context.Context) error {
	r.polling.Lock()
	defer r.polling.Unlock()
	ctx, cancel := context.WithTimeout(ctx, revocationTimeout)
	defer cancel()
	now := r.clock.Now()
	r.mu.RLock()
	after := r.polled.Add(-revocationOverlap)
	r.mu.RUnlock()
	if oldest := now.Add(-endedRetention); after.Before(oldest) {
		after = oldest
	}
	for {
		resp, err := r.sessions.ListEndedSessions(ctx, &apiv1.ListEndedSessionsRequest{After: timestamppb.New(after)})
		if err != nil {
			return err
		}
		last := r.add(resp.GetSessions(), after)
		if !resp.GetMore() {
			break
		}
		if overlapped := last.Add(-time.Microsecond); overlapped.After(after) { // Sessions that one call ended at the same time may be split between two pages.
			last = overlapped
		}
		after = last
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.polled = now
	r.prune(now)
	return nil
}

// add stores ended sessions, and returns when the last of them ended.
func (r *revocations) add(sessions []*apiv1.EndedSession, last time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, session := range sessions {
		last = session.GetEndedAt().AsTime()
		if id, err := uuid.FromBytes(session.GetSessionId()); err == nil {
			r.ended[id] = last
		}
	}
	if len(r.ended) > r.maxEnded {
		r.ended, r.floor = make(map[uuid.UUID]time.Time), last
		r.logger.Warn("too many ended sessions; every access token issued earlier is refused", "before", last)
	}
	return last
}

// prune removes, at most once a minute, the sessions whose tokens have all expired.
func (r *revocations) prune(now time.Time) {
	if now.Sub(r.pruned) < time.Minute {
		return
	}
	r.pruned = now
	for id, at := range r.ended {
		if now.Sub(at) > endedRetention {
			delete(r.ended, id)
		}
	}
}

func (r *revocations) start() { r.loop.Start(r.clock, revocationInterval, r.pollAndLog) }

// pollAndLog polls, and logs when polls begin to fail and when they succeed again.
func (r *revocations) pollAndLog(ctx context.Context) {
	err := r.poll(ctx)
	failed := err != nil && ctx.Err() == nil
	switch {
	case failed && !r.failing:
		r.logger.Warn("can't fetch ended sessions from the api service", "error", err)
	case err == nil && r.failing:
		r.logger.Info("fetching ended sessions from the api service again")
	}
	r.failing = failed
}
