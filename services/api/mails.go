package api

import (
	"fmt"

	"github.com/bitcraps/bitcraps/services/api/internal/account"
	"github.com/bitcraps/bitcraps/services/api/internal/mail"
)

func linkMail(to, code string) mail.Message {
	return mail.Message{To: to, Subject: "Your BitCraps code", Text: fmt.Sprintf(
		"Your code is %s\n\nIt lets a player of BitCraps sign in with this address. It is valid for %s.\nIf you did not ask for it, somebody mistyped an address; you need not do anything.", code, account.CodeLife)}
}

func takenMail(to string) mail.Message {
	return mail.Message{To: to, Subject: "Your address already has a BitCraps account",
		Text: "A player of BitCraps tried to link this address, which already has an account.\nIf that was you, sign in with your password, or reset it.\nIf not, you need not do anything."}
}

func resetMail(to, code string) mail.Message {
	return mail.Message{To: to, Subject: "Your BitCraps code", Text: fmt.Sprintf(
		"Your code is %s\n\nWith it you can set a new BitCraps password. It is valid for %s.\nIf you did not ask for it, you need not do anything.", code, account.CodeLife)}
}
