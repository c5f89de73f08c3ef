package api

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/token"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/device"
	"github.com/bitcraps/bitcraps/services/api/internal/signing"
)

// newReplica starts a service on a database that other replicas may share, with the test's clock.
func newReplica(t *testing.T, url string, clock clockwork.Clock) *Service {
	t.Helper()
	cfg := Default()
	cfg.Database.URL = url
	if _, _, err := Migrate(t.Context(), cfg.Database); err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), cfg, Deps{Game: &fakeGame{}, Clock: clock}, telemetry.Discard().For("api", 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// published is what a gateway has: the key set as of its last request.
type published map[string]ed25519.PublicKey

func (p published) PublicKey(_ context.Context, kid string) (ed25519.PublicKey, error) {
	return p[kid], nil
}

func publish(t *testing.T, s *Service) published {
	t.Helper()
	set, err := (&jwksServer{Service: s}).ListKeys(t.Context(), &apiv1.ListKeysRequest{})
	if err != nil {
		t.Fatal(err)
	}
	known := published{}
	for _, key := range set.GetKeys() {
		if known[key.GetKid()], err = base64.RawURLEncoding.DecodeString(key.GetX()); err != nil {
			t.Fatal(err)
		}
	}
	return known
}

// TestKeyRotationKeepsTokensValid simulates months in which two replicas sign, and gateways that fetch the key set from time to time
// verify. No token is ever refused before it expires.
func TestKeyRotationKeepsTokensValid(t *testing.T) {
	clock := clockwork.NewFakeClock()
	url := sqliteURL(t)
	replicas := []*Service{newReplica(t, url, clock), newReplica(t, url, clock)}
	known, signers := publish(t, replicas[0]), map[string]bool{}
	var last string
	for step := range 2400 { // Of five minutes to a whole day.
		if pause := 5 * time.Minute; step%24 == 0 {
			clock.Advance(24*time.Hour - 23*pause)
		} else {
			clock.Advance(pause)
		}
		if last != "" { // A token of five minutes ago, by the keys of now.
			if _, err := token.NewVerifier(publish(t, replicas[step%2]), clock).Verify(t.Context(), last); err != nil && step%24 != 0 {
				t.Fatalf("step %d, a token of five minutes ago: %v", step, err)
			}
		}
		sess, _, err := replicas[0].newSession([16]byte{1}, apiv1.SignInMethod_SIGN_IN_METHOD_GUEST, "")
		if err != nil {
			t.Fatal(err)
		}
		if last, _, err = replicas[step%2].signAccessToken(sess, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := token.NewVerifier(known, clock).Verify(t.Context(), last); err != nil && step%24 != 0 {
			t.Fatalf("step %d, a new token by the keys of five minutes ago: %v", step, err)
		}
		for _, s := range replicas {
			if err := s.rotateKeys(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if known = publish(t, replicas[(step+1)%2]); len(known) > 3 {
			t.Fatalf("%d keys are published", len(known))
		}
		for kid := range known {
			signers[kid] = true
		}
	}
	if len(signers) < 3 {
		t.Errorf("%d keys in a hundred days", len(signers))
	}
}

// TestLongerTokensWaitForNextKey raises the lifetime of tokens, as a restart with another configuration does.
func TestLongerTokensWaitForNextKey(t *testing.T) {
	clock := clockwork.NewFakeClock()
	s := newReplica(t, sqliteURL(t), clock)
	s.maintenance.loop.Stop() // The test rotates keys itself.
	before := s.auth.AccessTokenTTL
	s.auth.AccessTokenTTL = 6 * before
	clock.Advance(s.auth.KeyTTL - signing.Lead + time.Minute)
	must(t, s.rotateKeys(t.Context()))
	next := s.keyring.all()[0]
	clock.Advance(next.SignsFrom.Sub(clock.Now()) - time.Second)
	last, life := signToken(t, s)
	for end := clock.Now().Add(life); clock.Now().Before(end); clock.Advance(maintenanceInterval) {
		must(t, s.rotateKeys(t.Context()))
		if _, err := token.NewVerifier(publish(t, s), clock).Verify(t.Context(), last); err != nil {
			t.Fatalf("the old key's last token, %s before it expires: %v", end.Sub(clock.Now()), err)
		}
	}
	if life != before {
		t.Errorf("the old key's tokens live %s", life)
	}
	if _, life := signToken(t, s); life != 6*before {
		t.Errorf("the next key's tokens live %s", life)
	}
}

// TestChallengesOutliveKeyRotation configures tokens with a shorter lifetime than challenges.
func TestChallengesOutliveKeyRotation(t *testing.T) {
	clock := clockwork.NewFakeClock()
	s := newReplica(t, sqliteURL(t), clock)
	s.maintenance.loop.Stop() // The test rotates keys itself.
	s.auth.AccessTokenTTL = 10 * time.Second
	for range 2 { // The first key is from before the tokens were so short.
		clock.Advance(s.auth.KeyTTL + time.Minute)
		must(t, s.rotateKeys(t.Context()))
	}
	clock.Advance(s.keyring.all()[0].SignsFrom.Sub(clock.Now()) - time.Second)
	proof := solveChallenge(t, s, newDeviceKey(t))
	for end := clock.Now().Add(device.ChallengeLife); clock.Now().Before(end); clock.Advance(time.Second) {
		must(t, s.rotateKeys(t.Context()))
		if _, err := s.verifyProof(proof); err != nil {
			t.Fatalf("%s before the challenge expires: %v", end.Sub(clock.Now()), err)
		}
	}
	if _, life := signToken(t, s); life != 10*time.Second {
		t.Errorf("tokens live %s", life)
	}
}

// signToken signs a token, and returns its lifetime.
func signToken(t *testing.T, s *Service) (raw string, life time.Duration) {
	t.Helper()
	sess, _, err := s.newSession(uuid.New(), apiv1.SignInMethod_SIGN_IN_METHOD_GUEST, "")
	must(t, err)
	raw, expires, err := s.signAccessToken(sess, optionsv1.Role_ROLE_PLAYER)
	must(t, err)
	return raw, expires.Sub(s.now())
}

func TestSessionsExpireAndAreForgotten(t *testing.T) {
	clock := clockwork.NewFakeClock()
	s := newReplica(t, sqliteURL(t), clock)
	guest, err := (&playerServer{Service: s}).CreateGuest(t.Context(), &apiv1.CreateGuestRequest{})
	if err != nil {
		t.Fatal(err)
	}
	sessions, refresh := &sessionServer{Service: s}, guest.GetRefreshToken()
	use := func(want errorsv1.Reason) {
		t.Helper()
		resp, err := sessions.RefreshSession(t.Context(), &apiv1.RefreshSessionRequest{RefreshToken: refresh})
		if errs.Reason(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
		if err == nil {
			refresh = resp.GetCredentials().GetRefreshToken()
		}
	}
	for range 5 { // A guest who returns in time stays signed in.
		clock.Advance(s.auth.GuestTokenTTL - time.Minute)
		use(0)
	}
	clock.Advance(s.auth.GuestTokenTTL)
	use(errorsv1.Reason_REASON_TOKEN_EXPIRED)
	clock.Advance(3 * time.Hour)
	s.maintenance.tick(t.Context())
	use(errorsv1.Reason_REASON_TOKEN_INVALID)
}
