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

// exchange is an api service that signs an API key's tokens and publishes what it signs with.
type exchange struct {
	apiv1.ApiKeyServiceClient
	publisher
	ender
	clock *clockwork.FakeClock
	key   token.Key
	who   token.Bearer
	gone  bool // Whether it does not answer.
}

// newExchange returns the service, and how a gateway signs in that asks it.
func newExchange(t *testing.T) (*exchange, *signIn) {
	t.Helper()
	e := &exchange{clock: clockwork.NewFakeClock(), who: token.Bearer{Player: uuid.New(), Session: uuid.Must(uuid.NewV7())}}
	e.publish(t, "first")
	s := &signIn{verifier: token.NewVerifier(newKeySource(&e.publisher, e.clock), e.clock), keys: newAPIKeys(e), limits: &limits{}}
	s.revocations = newRevocations(&e.ender, e.clock, telemetry.Discard().For("test", 0))
	return e, s
}

// publish replaces the key that tokens are signed with.
func (e *exchange) publish(t *testing.T, kid string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	e.key, e.keys = token.Key{ID: kid, Private: private}, map[string]ed25519.PublicKey{kid: public}
}

func (e *exchange) sign() (string, error) {
	return e.key.Sign(e.who, e.clock.Now(), e.clock.Now().Add(10*time.Minute))
}

func (e *exchange) ExchangeApiKey(context.Context, *apiv1.ExchangeApiKeyRequest, ...grpc.CallOption) (*apiv1.ExchangeApiKeyResponse, error) {
	if e.gone {
		return nil, status.Error(codes.Unavailable, "away")
	}
	access, err := e.sign()
	return &apiv1.ExchangeApiKeyResponse{AccessToken: access}, err
}

// byKey is a request with an API key.
func byKey() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header.Set("Authorization", "Bearer bck_test")
	return r
}

// TestAnAPIKeyOutlivesSigningKeys exchanges an API key again where its token expired, and where its signer retired meanwhile.
func TestAnAPIKeyOutlivesSigningKeys(t *testing.T) {
	e, s := newExchange(t)
	for _, kid := range []string{"", "second", "third"} {
		if kid != "" {
			e.clock.Advance(time.Hour)
			e.publish(t, kid)
		}
		bearer, err := s.byToken(t.Context(), httptest.NewRecorder(), byKey(), "bck_test")
		if err != nil || bearer.Player != e.who.Player {
			t.Errorf("signed by %s: %s, %v", e.key.ID, bearer.Player, err)
		}
	}
}

// TestConnectionsOutliveAnAbsence has an API key looked at, by which a connection was opened, while nobody can
// say whether it is good, and when it was ended.
func TestConnectionsOutliveAnAbsence(t *testing.T) {
	e, s := newExchange(t)
	good := s.stillGood(httptest.NewRecorder(), byKey())
	for _, e.gone = range []bool{false, true, false} {
		if err := good(t.Context()); err != nil {
			t.Errorf("while api is away (%t): %v", e.gone, err)
		}
		e.clock.Advance(time.Hour) // Beyond the end of the token that was got for it.
	}
	s.revocations.learn([]*apiv1.EndedSession{{SessionId: e.who.Session[:], EndedAt: timestamppb.New(e.clock.Now())}}, e.clock.Now())
	if err := good(t.Context()); errs.Reason(err) != errorsv1.Reason_REASON_SESSION_ENDED {
		t.Errorf("behind the session's end: %v", err)
	}
}
