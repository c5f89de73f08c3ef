package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/session"
)

var start = time.UnixMicro(1_700_000_000_000_000).UTC()

func fill(b byte) (s session.Secret) {
	for i := range s {
		s[i] = b
	}
	return s
}

func newSession(method apiv1.SignInMethod) (session.Session, session.Token) {
	return session.New(uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7()), method, "phone", fill(1), fill(2), start, time.Hour)
}

func TestRefreshTokensAreSingleUse(t *testing.T) {
	s, first := newSession(apiv1.SignInMethod_SIGN_IN_METHOD_GUEST)
	second, err := s.Refresh(first, fill(3), start.Add(time.Minute), time.Hour)
	if err != nil || second == first || !s.Expires.Equal(start.Add(61*time.Minute)) {
		t.Fatalf("%v, expires %s", err, s.Expires)
	}
	again, err := s.Refresh(first, fill(4), start.Add(69*time.Second), time.Hour)
	if err != nil || again != second {
		t.Errorf("the retry after a lost answer: %v, %v", again == second, err)
	}
	third, err := s.Refresh(second, fill(5), start.Add(70*time.Second), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Refresh(first, fill(6), start.Add(71*time.Second), time.Hour); !errors.Is(err, session.ErrReused) {
		t.Errorf("the token before the previous one: %v", err)
	}
	if _, err := s.Refresh(third, fill(7), start.Add(72*time.Second), time.Hour); !errors.Is(err, session.ErrEnded) {
		t.Errorf("the newest token of an ended session: %v", err)
	}
}

// TestReuseGraceOutlastsCall repeats a use after the longest call, whose answer nobody waited for, and a minute of a person's patience.
func TestReuseGraceOutlastsCall(t *testing.T) {
	s, first := newSession(apiv1.SignInMethod_SIGN_IN_METHOD_GUEST)
	second, err := s.Refresh(first, fill(3), start, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, later := range []time.Duration{10 * time.Second, 70 * time.Second} {
		if again, err := s.Refresh(first, fill(4), start.Add(later), time.Hour); err != nil || again != second {
			t.Errorf("%s later: %v, %v", later, again == second, err)
		}
	}
}

func TestReuseGraceIsShort(t *testing.T) {
	s, first := newSession(apiv1.SignInMethod_SIGN_IN_METHOD_GUEST)
	if _, err := s.Refresh(first, fill(3), start, time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Refresh(first, fill(4), start.Add(2*time.Minute), time.Hour); !errors.Is(err, session.ErrReused) || s.Ended.IsZero() {
		t.Errorf("two minutes later: %v, ended %s", err, s.Ended)
	}
}

func TestForgedTokensEndNothing(t *testing.T) {
	s, good := newSession(apiv1.SignInMethod_SIGN_IN_METHOD_GUEST)
	forged := good
	forged.Family = fill(9) // The id is no secret.
	if _, err := s.Refresh(forged, fill(3), start, time.Hour); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("a forged token: %v", err)
	}
	if _, err := s.Refresh(good, fill(3), start, time.Hour); err != nil {
		t.Errorf("the valid one after it: %v", err)
	}
	if _, err := s.Refresh(good, fill(3), start.Add(time.Hour), time.Hour); !errors.Is(err, session.ErrExpired) {
		t.Errorf("an hour later: %v", err)
	}
}

func TestAPIKeysAreNotRefreshTokens(t *testing.T) {
	key, token := newSession(apiv1.SignInMethod_SIGN_IN_METHOD_API_KEY)
	if err := key.Check(token, start); err != nil {
		t.Error(err)
	}
	if _, err := key.Refresh(token, fill(3), start, time.Hour); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("refreshing a key: %v", err)
	}
	wrong := token
	wrong.Secret = fill(8)
	if err := key.Check(wrong, start); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("a key with another secret: %v", err)
	}
	guest, token := newSession(apiv1.SignInMethod_SIGN_IN_METHOD_GUEST)
	if err := guest.Check(token, start); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("a refresh token as a key: %v", err)
	}
}

// TestReuseOfStolenTokenIsDetected simulates a client, and a thief who copied one of its tokens. The second use of a token is always
// detected, and a client without a thief, even one that retries, never triggers that.
func TestReuseOfStolenTokenIsDetected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, token := newSession(apiv1.SignInMethod_SIGN_IN_METHOD_GUEST)
		now, history := start, []session.Token{token}
		for i := range rapid.IntRange(1, 20).Draw(t, "uses") {
			now = now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "seconds")) * time.Second)
			next, err := s.Refresh(history[len(history)-1], fill(byte(i)), now, time.Hour)
			if err != nil {
				t.Fatalf("use %d: %v", i, err)
			}
			if rapid.Bool().Draw(t, "lost") {
				if again, err := s.Refresh(history[len(history)-1], fill(200), now.Add(time.Second), time.Hour); err != nil || again != next {
					t.Fatalf("the retry of use %d: %v", i, err)
				}
			}
			history = append(history, next)
		}
		stolen := rapid.IntRange(0, len(history)-2).Draw(t, "stolen")
		if _, err := s.Refresh(history[stolen], fill(99), now.Add(2*time.Minute), time.Hour); !errors.Is(err, session.ErrReused) {
			t.Fatalf("token %d of %d: %v", stolen, len(history), err)
		}
		if _, err := s.Refresh(history[len(history)-1], fill(99), now.Add(2*time.Minute+time.Second), time.Hour); !errors.Is(err, session.ErrEnded) {
			t.Fatalf("the newest token afterwards: %v", err)
		}
	})
}

func FuzzParse(f *testing.F) {
	_, token := newSession(apiv1.SignInMethod_SIGN_IN_METHOD_GUEST)
	for _, text := range []string{token.String(), token.String() + "=", token.String()[:106] + "\n", "", "a.b.c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if token, ok := session.Parse(text); ok && token.String() != text {
			t.Errorf("%q was read as %q", text, token)
		}
	})
}
