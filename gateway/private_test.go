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

// privateGame is a game service whose game is hidden from anonymous callers.
type privateGame struct{ idleGame }

func (p privateGame) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	if identity.FromContext(ctx).Player == uuid.Nil {
		return errs.New(errorsv1.Reason_REASON_GAME_NOT_FOUND, "no such game").GRPCStatus().Err()
	}
	return p.idleGame.Invoke(ctx, method, in, out, opts...)
}

// TestNotFoundExplainsFailedCredentials has a member of a private table call with an API key that is valid, that can't be checked, and
// that was revoked, and without a key. A public table is visible in each case.
func TestNotFoundExplainsFailedCredentials(t *testing.T) {
	e, s := newFakeAPI(t)
	hidden, open := newTestGatewayWith(t, privateGame{}), newTestGateway(t)
	for _, g := range []*Gateway{hidden, open} {
		g.auth.verifier, g.auth.apiKeys, g.auth.revocations = s.verifier, s.apiKeys, s.revocations
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
				continue // The stream would not end.
			}
			if got := ask(hidden, authorization, path); got != status {
				t.Errorf("%s: %d, want %d", what, got, status)
			}
		}
		if got := ask(open, authorization, ""); got != http.StatusOK {
			t.Errorf("%s, at a public table: %d", what, got)
		}
	}
	want("no key", "", http.StatusNotFound)
	want("a malformed token", "Bearer x", http.StatusNotFound)
	want("a valid key", "Bearer bck_test", http.StatusOK)
	e.clock.Advance(time.Hour)
	e.down = true
	want("a key while api is unavailable", "Bearer bck_test", http.StatusServiceUnavailable)
	e.down = false
	s.revocations.add([]*apiv1.EndedSession{{SessionId: e.bearer.Session[:], EndedAt: timestamppb.New(e.clock.Now())}}, e.clock.Now())
	want("a revoked key", "Bearer bck_test", http.StatusUnauthorized)
}
