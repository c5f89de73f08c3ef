package gateway

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// private is a game service with a table that is not there for strangers.
type private struct{ quiet }

func (p private) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	if identity.FromContext(ctx).Player == uuid.Nil {
		return errs.New(errorsv1.Reason_REASON_GAME_NOT_FOUND, "no such game").GRPCStatus().Err()
	}
	return p.quiet.Invoke(ctx, method, in, out, opts...)
}

// TestMembersHearWhyTheyAreStrangers has a member of a private table come with an API key that is good, that nobody can say
// of whether it is, and that was ended; and without any. An open table is there for all of them.
func TestMembersHearWhyTheyAreStrangers(t *testing.T) {
	e, s := newExchange(t)
	hidden, open := gatewayOf(t, private{}), quietGateway(t)
	for _, g := range []*Gateway{hidden, open} {
		g.signIn.verifier, g.signIn.keys, g.signIn.revocations = s.verifier, s.keys, s.revocations
	}
	ask := func(g *Gateway, authorization, path string) int {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/games/"+uuid.NewString()+path, http.NoBody)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		g.Handler().ServeHTTP(w, r)
		return w.Code
	}
	want := func(what, authorization string, status int) {
		t.Helper()
		for _, path := range []string{"", "/events"} {
			if status == http.StatusOK && path != "" {
				continue // It would go on.
			}
			if got := ask(hidden, authorization, path); got != status {
				t.Errorf("%s: %d, want %d", what, got, status)
			}
		}
		if got := ask(open, authorization, ""); got != http.StatusOK {
			t.Errorf("%s, at an open table: %d", what, got)
		}
	}
	want("no key", "", http.StatusNotFound)
	want("what is no token", "Bearer x", http.StatusNotFound)
	want("a good key", "Bearer bck_test", http.StatusOK)
	e.clock.Advance(time.Hour)
	e.gone = true
	want("a key while api is away", "Bearer bck_test", http.StatusServiceUnavailable)
	e.gone = false
	s.revocations.learn([]*apiv1.EndedSession{{SessionId: e.who.Session[:], EndedAt: timestamppb.New(e.clock.Now())}}, e.clock.Now())
	want("a key that was ended", "Bearer bck_test", http.StatusUnauthorized)
}
