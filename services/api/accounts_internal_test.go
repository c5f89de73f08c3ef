package api

import (
	"testing"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/account"
)

// TestResetInvalidatesOldPassword resets a password while somebody uses the old one, after the old hash was read.
func TestResetInvalidatesOldPassword(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Service) {
		const email, newPassword = "ann@example.com", "the owner's new password"
		owner, _ := newGuest(t, s)
		addAccount(t, s, owner.Player, email)
		accounts, hooks := &accountServer{Service: s}, hookStore(s)
		signIn := func(password string) error {
			return errorOf(accounts.SignIn(t.Context(), &apiv1.SignInRequest{Email: email, Password: password}))
		}
		for what, use := range map[string]func(old string) error{
			"signing in": signIn,
			"changing it": func(old string) error {
				ctx := identity.NewContext(t.Context(), identity.Caller{Player: owner.Player})
				return errorOf(accounts.ChangePassword(ctx, &apiv1.ChangePasswordRequest{OldPassword: old, NewPassword: "the thief's password"}))
			},
		} {
			reset := func(password string) {
				saveCode(t, s, account.Code{Subject: account.ResetSubject(email), Player: owner.Player, Email: email})
				must(t, errorOf(accounts.ResetPassword(t.Context(), &apiv1.ResetPasswordRequest{Email: email, Code: "CODE", NewPassword: password})))
			}
			reset(goodPassword)
			hooks.afterRead = func() { reset(newPassword) }
			if err := use(goodPassword); errs.Reason(err) != errorsv1.Reason_REASON_SIGN_IN_FAILED {
				t.Errorf("%s: %v", what, err)
			}
			if live, err := s.liveSessions(t.Context(), owner.Player); err != nil || len(live) > 0 {
				t.Errorf("%s: sessions %+v, %v", what, live, err)
			}
			if err := signIn(newPassword); err != nil {
				t.Errorf("%s: the owner signs in: %v", what, err)
			}
		}
	})
}

// TestPasswordChangeEndsOtherSessions changes a password, as an owner does after the old one leaked: everything created with the old
// one ends, including API keys.
func TestPasswordChangeEndsOtherSessions(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Service) {
		owner, _ := newGuest(t, s)
		addAccount(t, s, owner.Player, "ann@example.com")
		accounts := &accountServer{Service: s}
		must(t, errorOf(accounts.SignIn(t.Context(), &apiv1.SignInRequest{Email: "ann@example.com", Password: goodPassword})))
		ctx := identity.NewContext(t.Context(), owner)
		must(t, errorOf((&apiKeyServer{Service: s}).CreateApiKey(ctx, &apiv1.CreateApiKeyRequest{Name: "bot"})))
		must(t, errorOf(accounts.ChangePassword(ctx, &apiv1.ChangePasswordRequest{OldPassword: goodPassword, NewPassword: "new words here"})))
		if live, err := s.liveSessions(t.Context(), owner.Player); err != nil || len(live) != 1 || live[0].ID != owner.Session {
			t.Errorf("sessions %+v, %v", live, err)
		}
	})
}
