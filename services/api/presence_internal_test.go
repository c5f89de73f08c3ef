package api

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/account"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

const goodWords = "correct horse battery"

// addAccount lets a player sign in by an address.
func addAccount(t *testing.T, s *Service, who uuid.UUID, email string) {
	t.Helper()
	hash, err := s.hash(t.Context(), goodWords)
	must(t, err)
	must(t, s.store.Write(t.Context(), func(tx store.Tx) error {
		_, err := tx.AddAccount(t.Context(), account.Account{Player: who, Email: email, Password: hash, Created: s.now()})
		return err
	}))
}

// TestNothingOutlivesDeletion has a player be deleted while something is added to the player. SQLite has one writer, so there nothing
// is beside anything.
func TestNothingOutlivesDeletion(t *testing.T) {
	url := server(t)
	s := replica(t, url, clockwork.NewFakeClock())
	between := interrupt(s)
	accounts, devices, keys := &accountServer{Service: s}, &deviceServer{Service: s}, &apiKeyServer{Service: s}
	for name, prepare := range map[string]func(*testing.T, context.Context, uuid.UUID) func() error{
		"a key": func(_ *testing.T, ctx context.Context, _ uuid.UUID) func() error {
			return func() error { return second(keys.CreateApiKey(ctx, &apiv1.CreateApiKeyRequest{Name: "bot"})) }
		},
		"a session by password": func(t *testing.T, ctx context.Context, who uuid.UUID) func() error {
			addAccount(t, s, who, "ann@example.com")
			return func() error {
				return second(accounts.SignIn(ctx, &apiv1.SignInRequest{Email: "ann@example.com", Password: goodWords}))
			}
		},
		"a session by device": func(t *testing.T, ctx context.Context, _ uuid.UUID) func() error {
			key := newKey(t)
			must(t, second(devices.AddDevice(ctx, &apiv1.AddDeviceRequest{Proof: meet(t, s, key)})))
			return func() error {
				return second(devices.SignInWithDevice(ctx, &apiv1.SignInWithDeviceRequest{Proof: meet(t, s, key)}))
			}
		},
		"a device": func(t *testing.T, ctx context.Context, _ uuid.UUID) func() error {
			return func() error {
				return second(devices.AddDevice(ctx, &apiv1.AddDeviceRequest{Proof: meet(t, s, newKey(t))}))
			}
		},
		"an address": func(t *testing.T, ctx context.Context, who uuid.UUID) func() error {
			saveCode(t, s, account.Code{Subject: account.LinkSubject(who), Player: who, Email: "bob@example.com"})
			return func() error { return second(accounts.ConfirmEmail(ctx, &apiv1.ConfirmEmailRequest{Code: "CODE"})) }
		},
		"a role": func(t *testing.T, ctx context.Context, who uuid.UUID) func() error {
			addAccount(t, s, who, "carol@example.com")
			return func() error { return s.setRole(ctx, identity.Caller{}, who, optionsv1.Role_ROLE_OPERATOR) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			caller, _ := newGuest(t, s)
			ctx := identity.NewContext(t.Context(), caller)
			start, end := beside(t, url, func() error {
				ctx := identity.WithPlayer(t.Context(), caller.Player) // Another role ends the caller's session.
				return second(accounts.DeleteAccount(ctx, &apiv1.DeleteAccountRequest{PlayerId: caller.Player.String()}))
			})
			add := prepare(t, ctx, caller.Player)
			between.behindPlayer = start
			must(t, add())
			end()
			nothingIsLeft(t, s, caller.Player)
		})
	}
}

// saveCode saves the code CODE.
func saveCode(t *testing.T, s *Service, code account.Code) {
	t.Helper()
	code.Hash = account.HashCode("CODE")
	must(t, s.store.Write(t.Context(), func(tx store.Tx) error { return s.saveCode(t.Context(), tx, code) }))
}

func nothingIsLeft(t *testing.T, s *Service, of uuid.UUID) {
	t.Helper()
	must(t, s.store.Read(t.Context(), func(tx store.Tx) error {
		who, err := tx.Player(t.Context(), of)
		if err != nil || who.Kind != apiv1.PlayerKind_PLAYER_KIND_DELETED || who.Role != optionsv1.Role_ROLE_PLAYER {
			t.Errorf("the deleted player is %+v, %v", who, err)
		}
		if live, err := tx.LiveSessions(t.Context(), of, s.now()); err != nil || len(live) > 0 {
			t.Errorf("sessions %+v, %v", live, err)
		}
		if devices, err := tx.Devices(t.Context(), of); err != nil || len(devices) > 0 {
			t.Errorf("devices %+v, %v", devices, err)
		}
		if found, err := tx.Account(t.Context(), of); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("account %+v, %v", found, err)
		}
		return nil
	}))
}

// TestDeletionForgetsWhatWasAskedFor has a player ask for an address that somebody else has, which makes a code that is nobody's.
func TestDeletionForgetsWhatWasAskedFor(t *testing.T) {
	engines(t, func(t *testing.T, s *Service) {
		caller, _ := newGuest(t, s)
		subject := account.LinkSubject(caller.Player)
		saveCode(t, s, account.Code{Subject: subject, Email: "ann@example.com"})
		ctx := identity.NewContext(t.Context(), caller)
		must(t, second((&accountServer{Service: s}).DeleteAccount(ctx, &apiv1.DeleteAccountRequest{PlayerId: caller.Player.String()})))
		must(t, s.store.Read(t.Context(), func(tx store.Tx) error {
			if code, err := tx.Code(t.Context(), subject); !errors.Is(err, account.ErrNotFound) {
				t.Errorf("code %+v, %v", code, err)
			}
			return nil
		}))
	})
}

// TestRemovedDevicesLeaveNoSession has a device be removed while it signs in: before its player is waited for, and behind that.
func TestRemovedDevicesLeaveNoSession(t *testing.T) {
	url := server(t)
	s := replica(t, url, clockwork.NewFakeClock())
	between, devices := interrupt(s), &deviceServer{Service: s}
	for name, tc := range map[string]struct {
		hook *func()
		want errorsv1.Reason
	}{
		"before": {&between.behindDevice, errorsv1.Reason_REASON_CHALLENGE_FAILED}, "behind": {&between.behindPlayer, 0},
	} {
		t.Run(name, func(t *testing.T) {
			caller, _ := newGuest(t, s)
			ctx, key := identity.NewContext(t.Context(), caller), newKey(t)
			added, err := devices.AddDevice(ctx, &apiv1.AddDeviceRequest{Proof: meet(t, s, key)})
			must(t, err)
			start, end := beside(t, url, func() error {
				return second(devices.RemoveDevice(ctx, &apiv1.RemoveDeviceRequest{DeviceId: added.GetDevice().GetDeviceId()}))
			})
			*tc.hook = start
			if _, err := devices.SignInWithDevice(ctx, &apiv1.SignInWithDeviceRequest{Proof: meet(t, s, key)}); errs.Reason(err) != tc.want {
				t.Errorf("signing in: %v, want %s", err, tc.want)
			}
			end()
			live, err := s.liveSessions(t.Context(), caller.Player)
			if err != nil || len(live) != 1 || live[0].ID != caller.Session {
				t.Errorf("sessions %+v, %v", live, err)
			}
		})
	}
}

// TestDeletedPlayersGetNoTokens leaves a deleted player a session and a key.
func TestDeletedPlayersGetNoTokens(t *testing.T) {
	engines(t, func(t *testing.T, s *Service) {
		caller, guest := newGuest(t, s)
		key, err := (&apiKeyServer{Service: s}).CreateApiKey(identity.NewContext(t.Context(), caller), &apiv1.CreateApiKeyRequest{Name: "bot"})
		must(t, err)
		must(t, s.store.Write(t.Context(), func(tx store.Tx) error {
			who, err := tx.Player(t.Context(), caller.Player)
			who.Kind = apiv1.PlayerKind_PLAYER_KIND_DELETED
			return errors.Join(err, tx.SavePlayer(t.Context(), who))
		}))
		_, refreshed := (&sessionServer{Service: s}).RefreshSession(t.Context(), &apiv1.RefreshSessionRequest{RefreshToken: guest.GetRefreshToken()})
		_, exchanged := (&apiKeyServer{Service: s}).ExchangeApiKey(t.Context(), &apiv1.ExchangeApiKeyRequest{ApiKey: key.GetApiKey()})
		for what, err := range map[string]error{"refreshing": refreshed, "exchanging a key": exchanged} {
			if errs.Reason(err) != errorsv1.Reason_REASON_SESSION_ENDED {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// TestRefreshingWaitsForNoPlayer refreshes while something else changes the player's credentials.
func TestRefreshingWaitsForNoPlayer(t *testing.T) {
	url := server(t)
	s := replica(t, url, clockwork.NewFakeClock())
	caller, guest := newGuest(t, s)
	start, end := beside(t, url, func() error {
		return second((&sessionServer{Service: s}).RefreshSession(t.Context(), &apiv1.RefreshSessionRequest{RefreshToken: guest.GetRefreshToken()}))
	})
	must(t, s.store.Write(t.Context(), func(tx store.Tx) error {
		must(t, lock(t.Context(), tx, caller.Player))
		if start(); waits(t, url) {
			t.Error("refreshing waits")
		}
		return nil
	}))
	end()
}
