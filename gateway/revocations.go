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
	// revocationInterval is how often the gateway asks which sessions ended.
	revocationInterval = time.Second
	// revocationTimeout is how long it waits for the answer.
	revocationTimeout = 2 * time.Second
	// revocationOverlap is how far back it asks again: clocks differ, and what ended first may be stored last.
	revocationOverlap = 30 * time.Second
	// remembersEnded is how long an access token of a session that ended could still be good.
	remembersEnded = config.MaxAccessTokenTTL + revocationOverlap
	// maxEnded is how many ended sessions are remembered: 100 MB. Beyond, all tokens from before are refused; whoever has a live
	// session refreshes it.
	maxEnded = 1_000_000
)

// revocations are the sessions that ended while their access tokens go on.
type revocations struct {
	sessions apiv1.SessionServiceClient
	clock    clockwork.Clock
	logger   *slog.Logger
	most     int
	loop     run.Loop
	failing  bool       // Of the loop alone.
	polling  sync.Mutex // One asks at a time.
	first    singleflight.Group

	mu     sync.RWMutex
	ended  map[uuid.UUID]time.Time
	polled time.Time // When the last answer was asked for; the zero time before the first.
	pruned time.Time
	floor  time.Time // Tokens from before are refused.
}

func newRevocations(sessions apiv1.SessionServiceClient, clock clockwork.Clock, scope telemetry.Scope) *revocations {
	r := &revocations{sessions: sessions, clock: clock, logger: scope.Logger, most: maxEnded, ended: make(map[uuid.UUID]time.Time)}
	scope.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "bitcraps_revoked_sessions", Help: "Ended sessions whose access tokens the gateway refuses.",
	}, func() float64 {
		r.mu.RLock()
		defer r.mu.RUnlock()
		return float64(len(r.ended))
	}), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "bitcraps_revocations_age_seconds", Help: "Time since the gateway last learned which sessions ended; it grows while the api service is away.",
	}, func() float64 {
		r.mu.RLock()
		defer r.mu.RUnlock()
		return clock.Since(r.polled).Seconds()
	}))
	return r
}

// check refuses a token of a session that ended. A gateway that has never learned which those are lets nobody in.
func (r *revocations) check(ctx context.Context, bearer token.Bearer) error {
	known, err := r.look(bearer)
	if known {
		return err
	}
	// Calls that come first wait together, and the first caller's end must not be that of all.
	answer := r.first.DoChan("", func() (any, error) { return nil, r.poll(context.WithoutCancel(ctx)) })
	select {
	case got := <-answer:
		if got.Err != nil {
			return got.Err
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	_, err = r.look(bearer)
	return err
}

// look returns what is known of a token; known is false before the first answer.
func (r *revocations) look(bearer token.Bearer) (known bool, err error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if _, ended := r.ended[bearer.Session]; ended {
		err = errs.New(errorsv1.Reason_REASON_SESSION_ENDED, "the session was ended; sign in again")
	} else if bearer.Issued.Before(r.floor) {
		err = errs.New(errorsv1.Reason_REASON_TOKEN_EXPIRED, "the token is too old; refresh the session")
	}
	return !r.polled.IsZero(), err
}

// poll asks which sessions ended since it last asked.
func (r *revocations) poll(ctx context.Context) error {
	r.polling.Lock()
	defer r.polling.Unlock()
	ctx, cancel := context.WithTimeout(ctx, revocationTimeout)
	defer cancel()
	now := r.clock.Now()
	r.mu.RLock()
	after := r.polled.Add(-revocationOverlap)
	r.mu.RUnlock()
	if oldest := now.Add(-remembersEnded); after.Before(oldest) {
		after = oldest
	}
	for {
		resp, err := r.sessions.ListEndedSessions(ctx, &apiv1.ListEndedSessionsRequest{After: timestamppb.New(after)})
		if err != nil {
			return err
		}
		last := r.learn(resp.GetSessions(), after)
		if !resp.GetMore() {
			break
		}
		if again := last.Add(-time.Microsecond); again.After(after) { // Sessions that one call ended together may be on two pages.
			last = again
		}
		after = last
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.polled = now
	r.prune(now)
	return nil
}

// learn remembers sessions that ended, and returns when the last of them did.
func (r *revocations) learn(sessions []*apiv1.EndedSession, last time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, session := range sessions {
		last = session.GetEndedAt().AsTime()
		if id, err := uuid.FromBytes(session.GetSessionId()); err == nil {
			r.ended[id] = last
		}
	}
	if len(r.ended) > r.most {
		r.ended, r.floor = make(map[uuid.UUID]time.Time), last
		r.logger.Warn("too many sessions ended at once; every access token from before is refused", "before", last)
	}
	return last
}

// prune forgets, once in a while, sessions whose tokens have all expired.
func (r *revocations) prune(now time.Time) {
	if now.Sub(r.pruned) < time.Minute {
		return
	}
	r.pruned = now
	for id, at := range r.ended {
		if now.Sub(at) > remembersEnded {
			delete(r.ended, id)
		}
	}
}

func (r *revocations) start() { r.loop.Start(r.clock, revocationInterval, r.ask) }

// ask polls, and logs when that begins to fail and when it works again.
func (r *revocations) ask(ctx context.Context) {
	err := r.poll(ctx)
	failed := err != nil && ctx.Err() == nil
	switch {
	case failed && !r.failing:
		r.logger.Warn("the api service does not say which sessions ended", "error", err)
	case err == nil && r.failing:
		r.logger.Info("the api service says again which sessions ended")
	}
	r.failing = failed
}
