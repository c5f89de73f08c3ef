package account_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/api/internal/account"
)

var now = time.UnixMicro(1_700_000_000_000_000)

func newCode() (string, account.Code) {
	text := account.NewCode([8]byte{0, 31, 32, 255, 7, 8, 9, 10})
	return text, account.Code{Player: uuid.Must(uuid.NewV7()), Hash: account.HashCode(text), Expires: now.Add(account.CodeLife)}
}

func TestCodes(t *testing.T) {
	text, code := newCode()
	if !regexp.MustCompile(`^[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}$`).MatchString(text) {
		t.Errorf("code %q", text)
	}
	for _, typed := range []string{text, text[:4] + text[5:], " " + string([]byte(text)) + " "} {
		if err := code.Try(typed, code.Player, now); err != nil {
			t.Errorf("%q: %v", typed, err)
		}
	}
	nobody := code
	nobody.Player, nobody.Attempts = uuid.Nil, 0
	if err := nobody.Try(text, uuid.Nil, now); err == nil {
		t.Error("the code of an address without an account is valid")
	}
	code.Attempts = 0
	if err := code.Try(text, uuid.Must(uuid.NewV7()), now); err == nil {
		t.Error("a code is valid for another player")
	}
	if err := code.Try(text, code.Player, now.Add(account.CodeLife+1)); err == nil {
		t.Error("a code is valid after it expired")
	}
}

func TestCodeAttemptsAreLimited(t *testing.T) {
	text, code := newCode()
	for range 100 {
		if err := code.Try("AAAA-AAAA", code.Player, now); err == nil {
			t.Fatal("a wrong code is valid")
		}
	}
	if err := code.Try(text, code.Player, now); err == nil {
		t.Error("the attempt after the last one succeeds")
	}
}

func TestNormalize(t *testing.T) {
	if got := account.Normalize(" Ann@Example.COM "); got != "ann@example.com" {
		t.Errorf("%q", got)
	}
}
