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

// ender is an api service that says, two at a time, which sessions ended.
type ender struct {
	apiv1.SessionServiceClient
	ended []*apiv1.EndedSession // In order.
	away  bool
	asked int
}

func (e *ender) end(at time.Time) uuid.UUID {
	id := uuid.Must(uuid.NewV7())
	e.ended = append(e.ended, &apiv1.EndedSession{SessionId: id[:], EndedAt: timestamppb.New(at)})
	return id
}

func (e *ender) ListEndedSessions(_ context.Context, req *apiv1.ListEndedSessionsRequest, _ ...grpc.CallOption) (*apiv1.ListEndedSessionsResponse, error) {
	if e.asked++; e.away {
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
	e, clock := &ender{}, clockwork.NewFakeClock()
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
	together := clock.Now().Add(-30 * time.Second) // By one call, at the end of a page and the beginning of the next.
	before = append(before, e.end(together), e.end(together))
	e.away = true
	want(live, clock.Now(), internal) // Who knows nothing lets nobody in.
	e.away = false
	for _, session := range before {
		want(session, clock.Now(), ended)
	}
	want(live, clock.Now(), 0)
	want(uuid.Nil, clock.Now(), 0) // A token of a release without sessions.

	skewed := e.end(clock.Now().Add(-20 * time.Second)) // By a clock that is behind.
	asked := e.asked
	want(skewed, clock.Now(), 0)
	if e.asked != asked {
		t.Error("a call asks which sessions ended")
	}
	clock.Advance(revocationInterval)
	poll()
	want(skewed, clock.Now(), ended)
	e.away = true
	if err := r.poll(t.Context()); err == nil {
		t.Error("an api service that is away answered")
	}
	want(before[0], clock.Now(), ended) // What is known stays known.
	e.away = false

	clock.Advance(remembersEnded + time.Minute)
	poll()
	if len(r.ended) != 0 {
		t.Errorf("%d sessions are remembered whose tokens have all expired", len(r.ended))
	}
	r.most = 3
	for range 4 {
		clock.Advance(time.Second)
		e.end(clock.Now())
	}
	old := clock.Now().Add(-time.Minute)
	poll()
	want(live, old, expired) // It gets a new token; those who ended do not.
	want(live, clock.Now().Add(time.Second), 0)
}

func TestAnOutageIsLoggedAsItBeginsAndEnds(t *testing.T) {
	e, scope := &ender{}, telemetry.Discard().For("test", 0)
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
		e.away = tc.away
		r.ask(t.Context())
		if got := log.String(); (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("poll %d: logged %q, want %q", i, got, tc.want)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	log.Reset()
	e.away = true
	if r.ask(ended); log.Len() != 0 {
		t.Errorf("as the gateway stopped it logged %s", &log)
	}
}

func TestRevocationsArePolled(t *testing.T) {
	e, clock := &ender{}, clockwork.NewFakeClock()
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
