package api

import (
	"fmt"
	"testing"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/account"
)

// TestRefusedLinksSpendNoMails has a player who already has an address ask for mails to somebody else's, until a limit.
func TestRefusedLinksSpendNoMails(t *testing.T) {
	s := newReplica(t, sqliteURL(t), clockwork.NewFakeClock())
	s.outbox.sender = discardSender{}
	stranger, _ := newGuest(t, s)
	addAccount(t, s, stranger.Player, "mallory@example.com")
	accounts, ctx := &accountServer{Service: s}, identity.NewContext(t.Context(), stranger)
	for range mailLimit.Burst {
		err := errorOf(accounts.LinkEmail(ctx, &apiv1.LinkEmailRequest{Email: "ann@example.com", Password: goodPassword}))
		if errs.Reason(err) != errorsv1.Reason_REASON_EMAIL_LINKED {
			t.Fatalf("linking a second address: %v", err)
		}
	}
	must(t, errorOf(accounts.ForgotPassword(t.Context(), &apiv1.ForgotPasswordRequest{Email: "ann@example.com"})))
}

// TestMailsOfOnePlayerAreLimited has a player ask for mails to ever new strangers, until a limit, which is the player's own.
func TestMailsOfOnePlayerAreLimited(t *testing.T) {
	s := newReplica(t, sqliteURL(t), clockwork.NewFakeClock())
	s.outbox.sender = discardSender{}
	player, _ := newGuest(t, s)
	other, _ := newGuest(t, s)
	link := func(as identity.Caller, email string) error {
		ctx := identity.NewContext(t.Context(), as)
		return errorOf((&accountServer{Service: s}).LinkEmail(ctx, &apiv1.LinkEmailRequest{Email: email, Password: goodPassword}))
	}
	for i := range mailLimit.Burst {
		must(t, link(player, fmt.Sprintf("stranger%d@example.com", i)))
	}
	if err := link(player, "ann@example.com"); errs.Reason(err) != errorsv1.Reason_REASON_RATE_LIMITED {
		t.Errorf("one mail more: %v", err)
	}
	for range mailLimit.Burst { // The refused call did not use up a mail of the address either.
		must(t, link(other, "ann@example.com"))
	}
}

// TestStrangersCannotPreventReset has a stranger use up the attempts at a password, and try some codes.
func TestStrangersCannotPreventReset(t *testing.T) {
	s := newReplica(t, sqliteURL(t), clockwork.NewFakeClock())
	owner, _ := newGuest(t, s)
	addAccount(t, s, owner.Player, "ann@example.com")
	accounts := &accountServer{Service: s}
	for range passwordLimit.Burst {
		must(t, s.attempts.allowPassword(t.Context(), "ann@example.com")) // As SignIn does first.
	}
	saveCode(t, s, account.Code{Subject: account.ResetSubject("ann@example.com"), Player: owner.Player, Email: "ann@example.com"})
	reset := func(code string) error {
		return errorOf(accounts.ResetPassword(t.Context(), &apiv1.ResetPasswordRequest{Email: "ann@example.com", Code: code, NewPassword: "new words here"}))
	}
	for range 2 * passwordLimit.Burst {
		if err := reset("WRONG"); errs.Reason(err) != errorsv1.Reason_REASON_CODE_INVALID {
			t.Fatalf("a wrong code: %v", err)
		}
	}
	must(t, reset("CODE"))
}
