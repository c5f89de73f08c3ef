package api

import (
	"testing"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/account"
)

// TestAnOldPasswordEndsWithItsReset has an owner reset a password while somebody uses the old one, which was right when it was read.
func TestAnOldPasswordEndsWithItsReset(t *testing.T) {
	engines(t, func(t *testing.T, s *Service) {
		const email, newWords = "ann@example.com", "the owner's new words"
		owner, _ := newGuest(t, s)
		addAccount(t, s, owner.Player, email)
		accounts, between := &accountServer{Service: s}, interrupt(s)
		signIn := func(words string) error {
			return second(accounts.SignIn(t.Context(), &apiv1.SignInRequest{Email: email, Password: words}))
		}
		for what, use := range map[string]func(old string) error{
			"signing in": signIn,
			"changing it": func(old string) error {
				ctx := identity.NewContext(t.Context(), identity.Caller{Player: owner.Player})
				return second(accounts.ChangePassword(ctx, &apiv1.ChangePasswordRequest{OldPassword: old, NewPassword: "the thief's words"}))
			},
		} {
			reset := func(words string) {
				saveCode(t, s, account.Code{Subject: account.ResetSubject(email), Player: owner.Player, Email: email})
				must(t, second(accounts.ResetPassword(t.Context(), &apiv1.ResetPasswordRequest{Email: email, Code: "CODE", NewPassword: words})))
			}
			reset(goodWords)
			between.behindRead = func() { reset(newWords) }
			if err := use(goodWords); errs.Reason(err) != errorsv1.Reason_REASON_SIGN_IN_FAILED {
				t.Errorf("%s: %v", what, err)
			}
			if live, err := s.liveSessions(t.Context(), owner.Player); err != nil || len(live) > 0 {
				t.Errorf("%s: sessions %+v, %v", what, live, err)
			}
			if err := signIn(newWords); err != nil {
				t.Errorf("%s: the owner signs in: %v", what, err)
			}
		}
	})
}

// TestAnotherPasswordEndsWhatIsElsewhere changes a password, as an owner does whose old one leaked: what somebody made by it ends, an API
// key too.
func TestAnotherPasswordEndsWhatIsElsewhere(t *testing.T) {
	engines(t, func(t *testing.T, s *Service) {
		owner, _ := newGuest(t, s)
		addAccount(t, s, owner.Player, "ann@example.com")
		accounts := &accountServer{Service: s}
		must(t, second(accounts.SignIn(t.Context(), &apiv1.SignInRequest{Email: "ann@example.com", Password: goodWords})))
		ctx := identity.NewContext(t.Context(), owner)
		must(t, second((&apiKeyServer{Service: s}).CreateApiKey(ctx, &apiv1.CreateApiKeyRequest{Name: "bot"})))
		must(t, second(accounts.ChangePassword(ctx, &apiv1.ChangePasswordRequest{OldPassword: goodWords, NewPassword: "new words here"})))
		if live, err := s.liveSessions(t.Context(), owner.Player); err != nil || len(live) != 1 || live[0].ID != owner.Session {
			t.Errorf("sessions %+v, %v", live, err)
		}
	})
}
