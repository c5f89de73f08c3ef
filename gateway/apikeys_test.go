package gateway

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/token"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// fakeAPI is an api service that exchanges an API key for tokens and publishes its signing key.
type fakeAPI struct {
	apiv1.ApiKeyServiceClient
	keyPublisher
	endedSessions
	clock  *clockwork.FakeClock
	key    token.Key
	bearer token.Bearer
	down   bool // Whether it is unavailable.
}

// newFakeAPI returns the service, and an authenticator that uses it.
func newFakeAPI(t *testing.T) (*fakeAPI, *authenticator) {
	t.Helper()
	e := &fakeAPI{clock: clockwork.NewFakeClock(), bearer: token.Bearer{Player: uuid.New(), Session: uuid.Must(uuid.NewV7())}}
	e.publish(t, "first")
	s := &authenticator{verifier: token.NewVerifier(newKeySource(&e.keyPublisher, e.clock), e.clock), apiKeys: newAPIKeys(e), rateLimits: &rateLimiter{}}
	s.revocations = newRevocations(&e.endedSessions, e.clock, telemetry.Discard().For("test", 0))
	return e, s
}

// publish replaces the signing key.
func (e *fakeAPI) publish(t *testing.T, kid string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	e.key, e.keys = token.Key{ID: kid, Private: private}, map[string]ed25519.PublicKey{kid: public}
}

func (e *fakeAPI) sign() (string, error) {
	return e.key.Sign(e.bearer, e.clock.Now(), e.clock.Now().Add(10*time.Minute))
}

func (e *fakeAPI) ExchangeApiKey(context.Context, *apiv1.ExchangeApiKeyRequest, ...grpc.CallOption) (*apiv1.ExchangeApiKeyResponse, error) {
	if e.down {
		return nil, status.Error(codes.Unavailable, "away")
	}
	access, err := e.sign()
	return &apiv1.ExchangeApiKeyResponse{AccessToken: access}, err
}

// requestWithAPIKey returns a request with an API key.
func requestWithAPIKey() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header.Set("Authorization", "Bearer bck_test")
	return r
}

// TestAPIKeySurvivesSigningKeyRotation exchanges an API key again after its token has expired and its signing key was retired.
func TestAPIKeySurvivesSigningKeyRotation(t *testing.T) {
	e, s := newFakeAPI(t)
	for _, kid := range []string{"", "second", "third"} {
		if kid != "" {
			e.clock.Advance(time.Hour)
			e.publish(t, kid)
		}
		bearer, err := s.byToken(t.Context(), httptest.NewRecorder(), requestWithAPIKey(), "bck_test")
		if err != nil || bearer.Player != e.bearer.Player {
			t.Errorf("signed by %s: %s, %v", e.key.ID, bearer.Player, err)
		}
	}
}

// TestConnectionsSurviveAPIOutage revalidates the API key with which a connection was opened while the api service is available,
// unavailable and available again, and after the key was revoked.
func TestConnectionsSurviveAPIOutage(t *testing.T) {
	e, s := newFakeAPI(t)
	good := s.revalidator(httptest.NewRecorder(), requestWithAPIKey())
	for _, e.down = range []bool{false, true, false} {
		if err := good(t.Context()); err != nil {
			t.Errorf("api unavailable (%t): %v", e.down, err)
		}
		e.clock.Advance(time.Hour) // Beyond the expiry of the exchanged token.
	}
	s.revocations.add([]*apiv1.EndedSession{{SessionId: e.bearer.Session[:], EndedAt: timestamppb.New(e.clock.Now())}}, e.clock.Now())
	if err := good(t.Context()); errs.Reason(err) != errorsv1.Reason_REASON_SESSION_ENDED {
		t.Errorf("after the session's end: %v", err)
	}
}
