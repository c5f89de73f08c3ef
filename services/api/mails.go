package api

import (
	"fmt"

	"github.com/bitcraps/bitcraps/services/api/internal/account"
	"github.com/bitcraps/bitcraps/services/api/internal/mail"
)

func linkMail(to, code string) mail.Message {
	return mail.Message{To: to, Subject: "Your BitCraps code", Text: fmt.Sprintf(
		"Your code is %s\n\nIt lets a player of BitCraps sign in with this address, for %s from now.\nIf you did not ask for it, somebody mistyped; do nothing.", code, account.CodeLife)}
}

func takenMail(to string) mail.Message {
	return mail.Message{To: to, Subject: "Somebody asked for your BitCraps account",
		Text: "A player of BitCraps wanted to sign in with this address, which has an account.\nIf that was you, sign in with your password, or ask for a new one.\nIf not, do nothing."}
}

func resetMail(to, code string) mail.Message {
	return mail.Message{To: to, Subject: "Your BitCraps code", Text: fmt.Sprintf(
		"Your code is %s\n\nIt sets a new password for BitCraps, for %s from now.\nIf you did not ask for it, do nothing.", code, account.CodeLife)}
}
