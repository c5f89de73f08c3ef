package api

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/account"
)

// TestEndingTwiceSucceeds makes each call twice, as a client does that lost the first answer.
func TestEndingTwiceSucceeds(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Service) {
		sessions, keys, accounts := &sessionServer{Service: s}, &apiKeyServer{Service: s}, &accountServer{Service: s}
		caller, _ := newGuest(t, s)
		stranger, _ := newGuest(t, s)
		ctx := identity.NewContext(t.Context(), caller)
		made, err := keys.CreateApiKey(ctx, &apiv1.CreateApiKeyRequest{Name: "bot"})
		must(t, err)
		endSession := func(id string) func(context.Context) error {
			return func(ctx context.Context) error {
				return errorOf(sessions.EndSession(ctx, &apiv1.EndSessionRequest{SessionId: id}))
			}
		}
		endKey := func(id string) func(context.Context) error {
			return func(ctx context.Context) error {
				return errorOf(keys.EndApiKey(ctx, &apiv1.EndApiKeyRequest{KeyId: id}))
			}
		}
		for _, call := range []struct {
			name         string
			end          func(context.Context) error
			wantStranger errorsv1.Reason
		}{
			{"a key", endKey(made.GetKey().GetKeyId()), errorsv1.Reason_REASON_API_KEY_NOT_FOUND},
			{"a session", endSession(caller.Session.String()), errorsv1.Reason_REASON_SESSION_NOT_FOUND},
			{"an account", func(ctx context.Context) error {
				return errorOf(accounts.DeleteAccount(ctx, &apiv1.DeleteAccountRequest{PlayerId: caller.Player.String()}))
			}, errorsv1.Reason_REASON_INVALID_FIELD},
		} {
			if call.name == "an account" {
				ctx = identity.WithPlayer(t.Context(), caller.Player) // The session has ended by now.
			}
			for _, attempt := range []string{"once", "again"} {
				if err := call.end(ctx); err != nil {
					t.Errorf("%s, %s: %v", call.name, attempt, err)
				}
				if err := call.end(identity.NewContext(t.Context(), stranger)); errs.Reason(err) != call.wantStranger {
					t.Errorf("%s by a stranger, %s: %v", call.name, attempt, err)
				}
			}
		}
		for name, tc := range map[string]struct {
			end  func(context.Context) error
			want errorsv1.Reason
		}{
			"a key as a session": {endSession(made.GetKey().GetKeyId()), errorsv1.Reason_REASON_SESSION_NOT_FOUND},
			"a session as a key": {endKey(caller.Session.String()), errorsv1.Reason_REASON_API_KEY_NOT_FOUND},
			"no session":         {endSession(uuid.NewString()), errorsv1.Reason_REASON_SESSION_NOT_FOUND},
			"no key":             {endKey(uuid.NewString()), errorsv1.Reason_REASON_API_KEY_NOT_FOUND},
		} {
			if err := tc.end(ctx); errs.Reason(err) != tc.want {
				t.Errorf("%s: %v, want %s", name, err, tc.want)
			}
		}
		if live, err := s.liveSessions(t.Context(), stranger.Player); err != nil || len(live) != 1 {
			t.Errorf("the stranger's sessions %+v, %v", live, err)
		}
	})
}

// TestAddingDeviceTwiceSucceeds adds a device, and repeats the call with the same proof and with a new one.
func TestAddingDeviceTwiceSucceeds(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Service) {
		devices, key := &deviceServer{Service: s}, newDeviceKey(t)
		caller, _ := newGuest(t, s)
		stranger, _ := newGuest(t, s)
		proof := solveChallenge(t, s, key)
		add := func(as identity.Caller, proof *apiv1.DeviceProof) (*apiv1.AddDeviceResponse, error) {
			return devices.AddDevice(identity.NewContext(t.Context(), as), &apiv1.AddDeviceRequest{Proof: proof, Client: "phone"})
		}
		first, err := add(caller, proof)
		must(t, err)
		for what, proof := range map[string]*apiv1.DeviceProof{"the same proof": proof, "a new proof": solveChallenge(t, s, key)} {
			if again, err := add(caller, proof); err != nil || !proto.Equal(again, first) {
				t.Errorf("%s: %v, %v", what, again, err)
			}
		}
		if err := errorOf(add(stranger, proof)); errs.Reason(err) != errorsv1.Reason_REASON_CHALLENGE_FAILED {
			t.Errorf("the same proof by a stranger: %v", err)
		}
		if err := errorOf(add(stranger, solveChallenge(t, s, key))); errs.Reason(err) != errorsv1.Reason_REASON_DEVICE_TAKEN {
			t.Errorf("a new proof by a stranger: %v", err)
		}
	})
}

// TestConfirmingAddressTwiceSucceeds confirms an address twice. A code that resets a password works only once.
func TestConfirmingAddressTwiceSucceeds(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Service) {
		const email = "ann@example.com"
		accounts := &accountServer{Service: s}
		caller, _ := newGuest(t, s)
		rival, _ := newGuest(t, s)
		hash, err := s.hash(t.Context(), goodPassword)
		must(t, err)
		for _, owner := range []uuid.UUID{caller.Player, rival.Player} {
			saveCode(t, s, account.Code{Subject: account.LinkSubject(owner), Player: owner, Email: email, Password: hash})
		}
		confirm := func(as identity.Caller, code string) errorsv1.Reason {
			return errs.Reason(errorOf(accounts.ConfirmEmail(identity.NewContext(t.Context(), as), &apiv1.ConfirmEmailRequest{Code: code})))
		}
		for _, attempt := range []string{"once", "again"} {
			if reason := confirm(caller, "CODE"); reason != 0 {
				t.Errorf("%s: %s", attempt, reason)
			}
		}
		if reason := confirm(caller, "WRONG"); reason != errorsv1.Reason_REASON_CODE_INVALID {
			t.Errorf("a wrong code afterwards: %s", reason)
		}
		if reason := confirm(rival, "CODE"); reason != errorsv1.Reason_REASON_CODE_INVALID {
			t.Errorf("another player with the same address: %s", reason)
		}
		saveCode(t, s, account.Code{Subject: account.ResetSubject(email), Player: caller.Player, Email: email})
		reset := &apiv1.ResetPasswordRequest{Email: email, Code: "CODE", NewPassword: "new words here"}
		must(t, errorOf(accounts.ResetPassword(t.Context(), reset)))
		if err := errorOf(accounts.ResetPassword(t.Context(), reset)); errs.Reason(err) != errorsv1.Reason_REASON_CODE_INVALID {
			t.Errorf("resetting the password again: %v", err)
		}
	})
}
