package storetest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/session"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

func newSession(player uuid.UUID, used int) (session.Session, session.Token) {
	return session.New(uuid.Must(uuid.NewV7()), player, apiv1.SignInMethod_SIGN_IN_METHOD_GUEST, "curl", session.Secret{1}, session.Secret{2}, at(used), time.Hour)
}

func sessions(t *testing.T, open Open) {
	t.Run("round trip", func(t *testing.T) { sessionsRoundTrip(t, suite{t, open(t)}) })
	t.Run("are refreshed once", func(t *testing.T) { sessionsRefreshOnce(t, suite{t, open(t)}) })
	t.Run("forget clients", func(t *testing.T) { sessionsForgetClients(t, suite{t, open(t)}) })
	t.Run("end", func(t *testing.T) { sessionsEnd(t, suite{t, open(t)}) })
}

func sessionsRoundTrip(t *testing.T, s suite) {
	want, token := newSession(uuid.Must(uuid.NewV7()), 0)
	want.Scopes, want.Credential = identity.ScopesOf(optionsv1.Scope_SCOPE_READ, optionsv1.Scope_SCOPE_PLAY), uuid.Must(uuid.NewV7())
	check := func(ctx context.Context, tx store.Tx) error {
		if got, err := tx.Session(ctx, want.ID); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("session = %+v, %v; want %+v", got, err, want)
		}
		if _, err := tx.Session(ctx, uuid.Must(uuid.NewV7())); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("an unknown one: %v", err)
		}
		return nil
	}
	s.write(func(ctx context.Context, tx store.Tx) error { return tx.AddSession(ctx, want) })
	s.inReadAndWrite(check)
	if _, err := want.Refresh(token, session.Secret{3}, at(1), 2*time.Hour); err != nil {
		t.Fatal(err)
	}
	s.write(func(ctx context.Context, tx store.Tx) error { return tx.SaveSession(ctx, want) })
	s.inReadAndWrite(check)
	want.End(at(2))
	s.write(func(ctx context.Context, tx store.Tx) error { return tx.SaveSession(ctx, want) })
	s.inReadAndWrite(check)
}

// sessionsRefreshOnce uses one token concurrently: all calls get the same next token.
func sessionsRefreshOnce(t *testing.T, s suite) {
	sess, token := newSession(uuid.Must(uuid.NewV7()), 0)
	s.write(func(ctx context.Context, tx store.Tx) error { return tx.AddSession(ctx, sess) })
	var wg sync.WaitGroup
	next := make([]session.Token, 16)
	for i := range next {
		wg.Go(func() {
			err := s.Write(t.Context(), func(tx store.Tx) error {
				found, err := tx.Session(t.Context(), sess.ID)
				if err != nil {
					return err
				}
				if next[i], err = found.Refresh(token, session.Secret{byte(i + 10)}, at(1), time.Hour); err != nil {
					return err
				}
				return tx.SaveSession(t.Context(), found)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if slices.ContainsFunc(next, func(n session.Token) bool { return n != next[0] }) || next[0] == token {
		t.Errorf("one token led to %v", next)
	}
}

// sessionsForgetClients clears the client names of a player's sessions: one live, one ended and one expired.
func sessionsForgetClients(t *testing.T, s suite) {
	player := uuid.Must(uuid.NewV7())
	lives, _ := newSession(player, 4000)
	ended, _ := newSession(player, 10)
	expired, _ := newSession(player, 0)
	others, _ := newSession(uuid.Must(uuid.NewV7()), 10)
	ended.End(at(11))
	all := []*session.Session{&lives, &ended, &expired, &others}
	s.write(func(ctx context.Context, tx store.Tx) (err error) {
		for _, sess := range all {
			err = errors.Join(err, tx.AddSession(ctx, *sess))
		}
		return errors.Join(err, tx.ForgetClients(ctx, player))
	})
	for _, sess := range all[:3] {
		sess.Client = ""
	}
	s.inReadAndWrite(func(ctx context.Context, tx store.Tx) error {
		for _, want := range all {
			if got, err := tx.Session(ctx, want.ID); err != nil || !reflect.DeepEqual(got, *want) {
				t.Errorf("session = %+v, %v; want %+v", got, err, *want)
			}
		}
		return nil
	})
}

func sessionsEnd(t *testing.T, s suite) {
	player := uuid.Must(uuid.NewV7())
	early, _ := newSession(player, 0)
	late, _ := newSession(player, 10)
	over, _ := newSession(player, 20)
	others, _ := newSession(uuid.Must(uuid.NewV7()), 30)
	over.End(at(21))
	others.End(at(31))
	s.write(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.AddSession(ctx, early), tx.AddSession(ctx, late), tx.AddSession(ctx, over), tx.AddSession(ctx, others))
	})
	s.inReadAndWrite(func(ctx context.Context, tx store.Tx) error {
		live, err := tx.LiveSessions(ctx, player, at(40))
		if err != nil || len(live) != 2 || live[0].ID != late.ID || live[1].ID != early.ID {
			t.Errorf("live: %+v, %v", live, err)
		}
		if live, err := tx.LiveSessions(ctx, player, at(3600)); err != nil || len(live) != 1 || live[0].ID != late.ID {
			t.Errorf("live in an hour: %+v, %v", live, err)
		}
		for after, want := range map[int][]session.Ended{
			0: {{ID: over.ID, At: at(21)}, {ID: others.ID, At: at(31)}}, 21: {{ID: others.ID, At: at(31)}}, 31: {},
		} {
			if got, err := tx.EndedSessions(ctx, at(after), 10); err != nil || !slices.Equal(got, want) {
				t.Errorf("ended after %d: %+v, %v; want %+v", after, got, err, want)
			}
		}
		if got, err := tx.EndedSessions(ctx, at(0), 1); err != nil || len(got) != 1 || got[0].ID != over.ID {
			t.Errorf("the first that ended: %+v, %v", got, err)
		}
		return nil
	})
	s.write(func(ctx context.Context, tx store.Tx) error {
		pruned, err := tx.PruneSessions(ctx, at(3600), 2)
		if pruned != 2 {
			t.Errorf("%d sessions were deleted", pruned)
		}
		return err
	})
	s.inReadAndWrite(func(ctx context.Context, tx store.Tx) error {
		ended, err := tx.EndedSessions(ctx, at(0), 10)
		if err != nil || len(ended) != 0 {
			t.Errorf("after PruneSessions: %+v, %v", ended, err)
		}
		if _, err := tx.Session(ctx, early.ID); err != nil {
			t.Errorf("the third session was deleted with the first two: %v", err)
		}
		return nil
	})
}
