package api

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/account"
	"github.com/bitcraps/bitcraps/services/api/internal/mail"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// discardSender discards mails.
type discardSender struct{}

func (discardSender) Send(context.Context, mail.Message) error { return nil }

// endedSession begins a session, ends it, and returns its caller, whose access token some gateway may still accept.
func endedSession(t *testing.T, s *Service, of uuid.UUID) (caller identity.Caller) {
	t.Helper()
	caller.Player = of
	must(t, s.store.Write(t.Context(), func(tx store.Tx) error {
		sess, _, err := s.beginSession(t.Context(), tx, of, apiv1.SignInMethod_SIGN_IN_METHOD_DEVICE, uuid.Nil, "")
		caller.Session = sess.ID
		return err
	}))
	ended := &apiv1.EndSessionRequest{SessionId: caller.Session.String()}
	must(t, errorOf((&sessionServer{Service: s}).EndSession(identity.NewContext(t.Context(), caller), ended)))
	return caller
}

// TestEndedSessionsCannotChangeCredentials makes each call with an ended session, and then with a live one.
func TestEndedSessionsCannotChangeCredentials(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Service) {
		s.outbox.sender = discardSender{}
		accounts, devices, keys := &accountServer{Service: s}, &deviceServer{Service: s}, &apiKeyServer{Service: s}
		owner, _ := newGuest(t, s)
		friend, _ := newGuest(t, s)
		addDevice(t, s, friend)
		ended, other := endedSession(t, s, owner.Player), solveChallenge(t, s, newDeviceKey(t))
		linking := account.LinkSubject(owner.Player)
		for _, call := range []struct {
			name string
			make func(context.Context) error
		}{
			{"CreateApiKey", func(ctx context.Context) error {
				return errorOf(keys.CreateApiKey(ctx, &apiv1.CreateApiKeyRequest{Name: "bot"}))
			}},
			{"AddDevice", func(ctx context.Context) error {
				return errorOf(devices.AddDevice(ctx, &apiv1.AddDeviceRequest{Proof: other}))
			}},
			{"LinkEmail", func(ctx context.Context) error {
				return errorOf(accounts.LinkEmail(ctx, &apiv1.LinkEmailRequest{Email: "ann@example.com", Password: goodPassword}))
			}},
			{"ConfirmEmail", func(ctx context.Context) error {
				hash, err := s.hash(ctx, goodPassword)
				must(t, err)
				saveCode(t, s, account.Code{Subject: linking, Player: owner.Player, Email: "ann@example.com", Password: hash})
				return errorOf(accounts.ConfirmEmail(ctx, &apiv1.ConfirmEmailRequest{Code: "CODE"}))
			}},
			{"ChangePassword", func(ctx context.Context) error {
				return errorOf(accounts.ChangePassword(ctx, &apiv1.ChangePasswordRequest{OldPassword: goodPassword, NewPassword: "new words here"}))
			}},
			{"SetRole", func(ctx context.Context) error {
				return errorOf(accounts.SetRole(ctx, &apiv1.SetRoleRequest{PlayerId: friend.Player.String(), Role: optionsv1.Role_ROLE_OPERATOR}))
			}},
			{"RemoveDevice", func(ctx context.Context) error {
				added, err := s.devices(t.Context(), owner.Player)
				must(t, err)
				return errorOf(devices.RemoveDevice(ctx, &apiv1.RemoveDeviceRequest{DeviceId: added[0].GetDeviceId()}))
			}},
			{"DeleteAccount", func(ctx context.Context) error {
				return errorOf(accounts.DeleteAccount(ctx, &apiv1.DeleteAccountRequest{PlayerId: owner.Player.String()}))
			}},
		} {
			if err := call.make(identity.NewContext(t.Context(), ended)); errs.Reason(err) != errorsv1.Reason_REASON_SESSION_ENDED {
				t.Errorf("%s with an ended session: %v", call.name, err)
			}
			if err := call.make(identity.NewContext(t.Context(), owner)); err != nil {
				t.Errorf("%s with a live one: %v", call.name, err)
			}
		}
	})
}
