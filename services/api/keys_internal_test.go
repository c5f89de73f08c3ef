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

// replica is a service on a database that others may share, by a clock of the test.
func replica(t *testing.T, url string, clock clockwork.Clock) *Service {
	t.Helper()
	cfg := Default()
	cfg.Database.URL = url
	if _, _, err := Migrate(t.Context(), cfg.Database); err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), cfg, Deps{Game: &tables{}, Clock: clock}, telemetry.Discard().For("api", 0))
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

// published is what a gateway knows: the key set as it was when it asked.
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

// TestKeysTakeOverUnderWay has two replicas sign for months, and gateways that ask for keys now and then check. No token is ever
// refused before its end.
func TestKeysTakeOverUnderWay(t *testing.T) {
	clock := clockwork.NewFakeClock()
	url := file(t)
	replicas := []*Service{replica(t, url, clock), replica(t, url, clock)}
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
		begun, _, err := replicas[0].newSession([16]byte{1}, apiv1.SignInMethod_SIGN_IN_METHOD_GUEST, "")
		if err != nil {
			t.Fatal(err)
		}
		if last, _, err = replicas[step%2].access(begun, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := token.NewVerifier(known, clock).Verify(t.Context(), last); err != nil && step%24 != 0 {
			t.Fatalf("step %d, a new token by the keys of five minutes ago: %v", step, err)
		}
		for _, s := range replicas {
			if err := s.turnKeys(t.Context()); err != nil {
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

// TestLongerTokensWaitForTheNextKey raises the life of tokens, as a start with another configuration does.
func TestLongerTokensWaitForTheNextKey(t *testing.T) {
	clock := clockwork.NewFakeClock()
	s := replica(t, file(t), clock)
	s.keeper.loop.Stop() // The test turns keys itself.
	before := s.auth.AccessTokenTTL
	s.auth.AccessTokenTTL = 6 * before
	clock.Advance(s.auth.KeyTTL - signing.Lead + time.Minute)
	must(t, s.turnKeys(t.Context()))
	next := s.keyring.all()[0]
	clock.Advance(next.SignsFrom.Sub(clock.Now()) - time.Second)
	last, life := sign(t, s)
	for end := clock.Now().Add(life); clock.Now().Before(end); clock.Advance(keeperInterval) {
		must(t, s.turnKeys(t.Context()))
		if _, err := token.NewVerifier(publish(t, s), clock).Verify(t.Context(), last); err != nil {
			t.Fatalf("the old key's last token, %s before its end: %v", end.Sub(clock.Now()), err)
		}
	}
	if life != before {
		t.Errorf("the old key's tokens live %s", life)
	}
	if _, life := sign(t, s); life != 6*before {
		t.Errorf("the next key's tokens live %s", life)
	}
}

// TestChallengesOutliveTheirKeysTurn has tokens live shorter than challenges.
func TestChallengesOutliveTheirKeysTurn(t *testing.T) {
	clock := clockwork.NewFakeClock()
	s := replica(t, file(t), clock)
	s.keeper.loop.Stop() // The test turns keys itself.
	s.auth.AccessTokenTTL = 10 * time.Second
	for range 2 { // The first key is from before the tokens were so short.
		clock.Advance(s.auth.KeyTTL + time.Minute)
		must(t, s.turnKeys(t.Context()))
	}
	clock.Advance(s.keyring.all()[0].SignsFrom.Sub(clock.Now()) - time.Second)
	proof := meet(t, s, newKey(t))
	for end := clock.Now().Add(device.ChallengeLife); clock.Now().Before(end); clock.Advance(time.Second) {
		must(t, s.turnKeys(t.Context()))
		if _, err := s.prove(proof); err != nil {
			t.Fatalf("%s before the challenge's end: %v", end.Sub(clock.Now()), err)
		}
	}
	if _, life := sign(t, s); life != 10*time.Second {
		t.Errorf("tokens live %s", life)
	}
}

// sign signs a token, and says how long it lives.
func sign(t *testing.T, s *Service) (raw string, life time.Duration) {
	t.Helper()
	begun, _, err := s.newSession(uuid.New(), apiv1.SignInMethod_SIGN_IN_METHOD_GUEST, "")
	must(t, err)
	raw, expires, err := s.access(begun, optionsv1.Role_ROLE_PLAYER)
	must(t, err)
	return raw, expires.Sub(s.now())
}

func TestSessionsExpireAndAreForgotten(t *testing.T) {
	clock := clockwork.NewFakeClock()
	s := replica(t, file(t), clock)
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
	for range 5 { // Whoever comes again in time stays.
		clock.Advance(s.auth.GuestTokenTTL - time.Minute)
		use(0)
	}
	clock.Advance(s.auth.GuestTokenTTL)
	use(errorsv1.Reason_REASON_TOKEN_EXPIRED)
	clock.Advance(3 * time.Hour)
	s.keeper.tick(t.Context())
	use(errorsv1.Reason_REASON_TOKEN_INVALID)
}
