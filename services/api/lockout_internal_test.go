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
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// addDevice links a new device to a player, and returns the device's id.
func addDevice(t *testing.T, s *Service, as identity.Caller) string {
	t.Helper()
	added, err := (&deviceServer{Service: s}).AddDevice(identity.NewContext(t.Context(), as), &apiv1.AddDeviceRequest{Proof: solveChallenge(t, s, newDeviceKey(t))})
	must(t, err)
	return added.GetDevice().GetDeviceId()
}

func removeDevice(ctx context.Context, s *Service, as identity.Caller, id string) error {
	return errorOf((&deviceServer{Service: s}).RemoveDevice(identity.NewContext(ctx, as), &apiv1.RemoveDeviceRequest{DeviceId: id}))
}

// TestSetRoleRequiresWayToSignIn changes a role, which ends every session of the player.
func TestSetRoleRequiresWayToSignIn(t *testing.T) {
	for name, tc := range map[string]struct {
		prepare func(*testing.T, *Service, identity.Caller)
		want    errorsv1.Reason
	}{
		"a guest":         {func(*testing.T, *Service, identity.Caller) {}, errorsv1.Reason_REASON_NO_WAY_TO_SIGN_IN},
		"with a device":   {func(t *testing.T, s *Service, c identity.Caller) { addDevice(t, s, c) }, 0},
		"with an address": {func(t *testing.T, s *Service, c identity.Caller) { addAccount(t, s, c.Player, "ann@example.com") }, 0},
		"with a removed device": {func(t *testing.T, s *Service, c identity.Caller) {
			must(t, removeDevice(t.Context(), s, c, addDevice(t, s, c)))
		}, errorsv1.Reason_REASON_NO_WAY_TO_SIGN_IN},
	} {
		t.Run(name, func(t *testing.T) {
			forEachEngine(t, func(t *testing.T, s *Service) {
				caller, _ := newGuest(t, s)
				tc.prepare(t, s, caller)
				if err := s.setRole(t.Context(), identity.Caller{}, caller.Player, optionsv1.Role_ROLE_OPERATOR); errs.Reason(err) != tc.want {
					t.Errorf("%v, want %s", err, tc.want)
				}
				live, err := s.liveSessions(t.Context(), caller.Player)
				must(t, err)
				if live := len(live) > 0; live != (tc.want != 0) {
					t.Errorf("sessions %+v", live)
				}
			})
		})
	}
}

// TestLastCredentialCannotBeRemoved removes the device with which a player signed in.
func TestLastCredentialCannotBeRemoved(t *testing.T) {
	for name, tc := range map[string]struct {
		with func(*testing.T, *Service, identity.Caller)
		want errorsv1.Reason
	}{
		"alone": {func(*testing.T, *Service, identity.Caller) {}, errorsv1.Reason_REASON_NO_WAY_TO_SIGN_IN},
		"with an API key": {func(t *testing.T, s *Service, c identity.Caller) {
			must(t, errorOf((&apiKeyServer{Service: s}).CreateApiKey(identity.NewContext(t.Context(), c), &apiv1.CreateApiKeyRequest{Name: "bot"})))
		}, errorsv1.Reason_REASON_NO_WAY_TO_SIGN_IN},
		"with another device": {func(t *testing.T, s *Service, c identity.Caller) { addDevice(t, s, c) }, 0},
		"with an address":     {func(t *testing.T, s *Service, c identity.Caller) { addAccount(t, s, c.Player, "ann@example.com") }, 0},
		"with a guest's session": {func(t *testing.T, s *Service, c identity.Caller) {
			must(t, s.store.Write(t.Context(), func(tx store.Tx) error {
				_, _, err := s.beginSession(t.Context(), tx, c.Player, apiv1.SignInMethod_SIGN_IN_METHOD_GUEST, uuid.Nil, "")
				return err
			}))
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			forEachEngine(t, func(t *testing.T, s *Service) {
				devices, key := &deviceServer{Service: s}, newDeviceKey(t)
				signIn := func() identity.Caller {
					in, err := devices.SignInWithDevice(t.Context(), &apiv1.SignInWithDeviceRequest{Proof: solveChallenge(t, s, key)})
					must(t, err)
					return identity.Caller{Player: uuid.MustParse(in.GetCredentials().GetPlayerId()), Session: uuid.MustParse(in.GetCredentials().GetSessionId())}
				}
				caller := signIn()
				list, err := s.devices(t.Context(), caller.Player)
				must(t, err)
				tc.with(t, s, caller)
				if err := removeDevice(t.Context(), s, caller, list[0].GetDeviceId()); errs.Reason(err) != tc.want {
					t.Errorf("%v, want %s", err, tc.want)
				}
				if stays := signIn().Player == caller.Player; stays != (tc.want != 0) {
					t.Errorf("the device signs in as the player: %t", stays)
				}
			})
		})
	}
}
