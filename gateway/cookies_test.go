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
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/token"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// sessionRefresher is an api service that answers each refresh with an access token, or refuses it.
type sessionRefresher struct {
	endedSessions
	access  string
	refusal error
	ends    time.Time
}

func (r *sessionRefresher) RefreshSession(context.Context, *apiv1.RefreshSessionRequest, ...grpc.CallOption) (*apiv1.RefreshSessionResponse, error) {
	if r.refusal != nil {
		return nil, r.refusal
	}
	ends := timestamppb.New(r.ends)
	return &apiv1.RefreshSessionResponse{Credentials: &apiv1.Credentials{AccessToken: r.access, ExpiresAt: ends, RefreshToken: "next", RefreshExpiresAt: ends}}, nil
}

// TestRetiredKeyDoesNotEndSession authenticates a browser whose access token was signed by a key that has been deleted.
func TestRetiredKeyDoesNotEndSession(t *testing.T) {
	clock, player := clockwork.NewFakeClock(), uuid.New()
	published := map[string]ed25519.PublicKey{}
	signed := func(kid string, publish bool) string {
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		if publish {
			published[kid] = public
		}
		raw, err := token.Key{ID: kid, Private: private}.Sign(token.Bearer{Player: player, Session: uuid.New(), Role: optionsv1.Role_ROLE_PLAYER}, clock.Now(), clock.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	retired, good, unknown := signed("retired", false), signed("new", true), signed("newest", false)
	const invalid, away = errorsv1.Reason_REASON_TOKEN_INVALID, errorsv1.Reason_REASON_UNAVAILABLE
	kept := map[string]string{}
	cleared, next := map[string]string{sessionCookie: "", refreshCookie: ""}, func(access string) map[string]string {
		return map[string]string{sessionCookie: access, refreshCookie: "next"}
	}
	for name, tc := range map[string]struct {
		refresh string
		api     sessionRefresher
		want    errorsv1.Reason
		cookies map[string]string // Cookies set by the response.
	}{
		"valid refresh token":           {refresh: "good", api: sessionRefresher{access: good}, cookies: next(good)},
		"invalid refresh token":         {refresh: "bad", api: sessionRefresher{refusal: errs.New(invalid, "bad")}, want: invalid, cookies: cleared},
		"no refresh token":              {want: invalid, cookies: cleared},
		"api service unavailable":       {refresh: "good", api: sessionRefresher{refusal: errs.New(away, "away")}, want: away, cookies: kept},
		"new token's key not known yet": {refresh: "good", api: sessionRefresher{access: unknown}, want: away, cookies: next(unknown)},
	} {
		t.Run(name, func(t *testing.T) {
			tc.api.ends = clock.Now().Add(time.Hour)
			s := &authenticator{verifier: token.NewVerifier(newKeySource(&keyPublisher{keys: published}, clock), clock), rateLimits: &rateLimiter{},
				revocations: newRevocations(&tc.api, clock, telemetry.Discard().For("test", 0)), sessions: &tc.api, cookies: cookies{clock: clock}}
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			r.AddCookie(&http.Cookie{Name: sessionCookie, Value: retired})
			if tc.refresh != "" {
				r.AddCookie(&http.Cookie{Name: refreshCookie, Value: tc.refresh})
			}
			bearer, err := s.byCookie(t.Context(), w, r)
			if errs.Reason(err) != tc.want || err == nil && bearer.Player != player {
				t.Errorf("%s, %v", bearer.Player, err)
			}
			got := w.Result().Cookies()
			for _, cookie := range got {
				if want, ok := tc.cookies[cookie.Name]; !ok || cookie.Value != want {
					t.Errorf("%s is set to %q", cookie.Name, cookie.Value)
				}
			}
			if len(got) != len(tc.cookies) {
				t.Errorf("cookies %v", got)
			}
		})
	}
}
