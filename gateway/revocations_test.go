package gateway

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/token"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// endedSessions is an api service that lists ended sessions in pages of two.
type endedSessions struct {
	apiv1.SessionServiceClient
	ended []*apiv1.EndedSession // In order.
	down  bool
	calls int
}

func (e *endedSessions) end(at time.Time) uuid.UUID {
	id := uuid.Must(uuid.NewV7())
	e.ended = append(e.ended, &apiv1.EndedSession{SessionId: id[:], EndedAt: timestamppb.New(at)})
	return id
}

func (e *endedSessions) ListEndedSessions(_ context.Context, req *apiv1.ListEndedSessionsRequest, _ ...grpc.CallOption) (*apiv1.ListEndedSessionsResponse, error) {
	if e.calls++; e.down {
		return nil, errors.New("away")
	}
	resp := &apiv1.ListEndedSessionsResponse{}
	for _, one := range e.ended {
		if !one.GetEndedAt().AsTime().After(req.GetAfter().AsTime()) {
			continue
		}
		if len(resp.Sessions) == 2 {
			resp.More = true
			break
		}
		resp.Sessions = append(resp.Sessions, one)
	}
	return resp, nil
}

func TestEndedSessionsAreRefused(t *testing.T) {
	e, clock := &endedSessions{}, clockwork.NewFakeClock()
	r := newRevocations(e, clock, telemetry.Discard().For("test", 0))
	want := func(session uuid.UUID, issued time.Time, reason errorsv1.Reason) {
		t.Helper()
		if err := r.check(t.Context(), token.Bearer{Session: session, Issued: issued}); errs.Reason(err) != reason {
			t.Errorf("%v, want %s", err, reason)
		}
	}
	poll := func() {
		t.Helper()
		if err := r.poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	const ended, expired, internal = errorsv1.Reason_REASON_SESSION_ENDED, errorsv1.Reason_REASON_TOKEN_EXPIRED, errorsv1.Reason_REASON_INTERNAL

	live := uuid.Must(uuid.NewV7())
	var before []uuid.UUID
	for i := range 5 { // Before this gateway started.
		before = append(before, e.end(clock.Now().Add(time.Duration(i-5)*time.Minute)))
	}
	together := clock.Now().Add(-30 * time.Second) // Ended by one call, but split between two pages.
	before = append(before, e.end(together), e.end(together))
	e.down = true
	want(live, clock.Now(), internal) // Before the first successful poll, every token is refused.
	e.down = false
	for _, session := range before {
		want(session, clock.Now(), ended)
	}
	want(live, clock.Now(), 0)
	want(uuid.Nil, clock.Now(), 0) // A token of a release without sessions.

	skewed := e.end(clock.Now().Add(-20 * time.Second)) // By a clock that is slow.
	asked := e.calls
	want(skewed, clock.Now(), 0)
	if e.calls != asked {
		t.Error("checking a token polls for ended sessions")
	}
	clock.Advance(revocationInterval)
	poll()
	want(skewed, clock.Now(), ended)
	e.down = true
	if err := r.poll(t.Context()); err == nil {
		t.Error("an unavailable api service responded")
	}
	want(before[0], clock.Now(), ended) // Known sessions are kept.
	e.down = false

	clock.Advance(endedRetention + time.Minute)
	poll()
	if len(r.ended) != 0 {
		t.Errorf("%d sessions are kept although all of their tokens have expired", len(r.ended))
	}
	r.maxEnded = 3
	for range 4 {
		clock.Advance(time.Second)
		e.end(clock.Now())
	}
	old := clock.Now().Add(-time.Minute)
	poll()
	want(live, old, expired) // A live session can get a new token, an ended one can't.
	want(live, clock.Now().Add(time.Second), 0)
}

func TestOutageIsLoggedOnce(t *testing.T) {
	e, scope := &endedSessions{}, telemetry.Discard().For("test", 0)
	var log bytes.Buffer
	scope.Logger = slog.New(slog.NewTextHandler(&log, nil))
	r := newRevocations(e, clockwork.NewFakeClock(), scope)
	for i, tc := range []struct {
		away bool
		want string
	}{
		{false, ""}, {true, "level=WARN"}, {true, ""}, {false, "level=INFO"}, {false, ""},
	} {
		log.Reset()
		e.down = tc.away
		r.pollAndLog(t.Context())
		if got := log.String(); (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("poll %d: logged %q, want %q", i, got, tc.want)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	log.Reset()
	e.down = true
	if r.pollAndLog(ended); log.Len() != 0 {
		t.Errorf("logged while the gateway stopped: %s", &log)
	}
}

func TestRevocationsArePolled(t *testing.T) {
	e, clock := &endedSessions{}, clockwork.NewFakeClock()
	r := newRevocations(e, clock, telemetry.Discard().For("test", 0))
	session := e.end(clock.Now())
	r.start()
	defer r.loop.Stop()
	for {
		if err := clock.BlockUntilContext(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if err := r.check(t.Context(), token.Bearer{Session: session, Issued: clock.Now()}); err != nil {
			return
		}
		clock.Advance(revocationInterval)
	}
}
