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

const goodPassword = "correct horse battery"

// addAccount gives a player an account with the good password.
func addAccount(t *testing.T, s *Service, player uuid.UUID, email string) {
	t.Helper()
	hash, err := s.hash(t.Context(), goodPassword)
	must(t, err)
	must(t, s.store.Write(t.Context(), func(tx store.Tx) error {
		_, err := tx.AddAccount(t.Context(), account.Account{Player: player, Email: email, Password: hash, Created: s.now()})
		return err
	}))
}

// TestNothingOutlivesDeletion deletes a player while something is added to the player. It needs PostgreSQL: SQLite has one writer, so
// there nothing is concurrent.
func TestNothingOutlivesDeletion(t *testing.T) {
	url := postgresURL(t)
	s := newReplica(t, url, clockwork.NewFakeClock())
	hooks := hookStore(s)
	accounts, devices, keys := &accountServer{Service: s}, &deviceServer{Service: s}, &apiKeyServer{Service: s}
	for name, prepare := range map[string]func(*testing.T, context.Context, uuid.UUID) func() error{
		"a key": func(_ *testing.T, ctx context.Context, _ uuid.UUID) func() error {
			return func() error { return errorOf(keys.CreateApiKey(ctx, &apiv1.CreateApiKeyRequest{Name: "bot"})) }
		},
		"a session by password": func(t *testing.T, ctx context.Context, player uuid.UUID) func() error {
			addAccount(t, s, player, "ann@example.com")
			return func() error {
				return errorOf(accounts.SignIn(ctx, &apiv1.SignInRequest{Email: "ann@example.com", Password: goodPassword}))
			}
		},
		"a session by device": func(t *testing.T, ctx context.Context, _ uuid.UUID) func() error {
			key := newDeviceKey(t)
			must(t, errorOf(devices.AddDevice(ctx, &apiv1.AddDeviceRequest{Proof: solveChallenge(t, s, key)})))
			return func() error {
				return errorOf(devices.SignInWithDevice(ctx, &apiv1.SignInWithDeviceRequest{Proof: solveChallenge(t, s, key)}))
			}
		},
		"a device": func(t *testing.T, ctx context.Context, _ uuid.UUID) func() error {
			return func() error {
				return errorOf(devices.AddDevice(ctx, &apiv1.AddDeviceRequest{Proof: solveChallenge(t, s, newDeviceKey(t))}))
			}
		},
		"an address": func(t *testing.T, ctx context.Context, player uuid.UUID) func() error {
			saveCode(t, s, account.Code{Subject: account.LinkSubject(player), Player: player, Email: "bob@example.com"})
			return func() error { return errorOf(accounts.ConfirmEmail(ctx, &apiv1.ConfirmEmailRequest{Code: "CODE"})) }
		},
		"a role": func(t *testing.T, ctx context.Context, player uuid.UUID) func() error {
			addAccount(t, s, player, "carol@example.com")
			return func() error { return s.setRole(ctx, identity.Caller{}, player, optionsv1.Role_ROLE_OPERATOR) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			caller, _ := newGuest(t, s)
			ctx := identity.NewContext(t.Context(), caller)
			start, end := runConcurrently(t, url, func() error {
				ctx := identity.WithPlayer(t.Context(), caller.Player) // Without a session, since a change of role ends the caller's.
				return errorOf(accounts.DeleteAccount(ctx, &apiv1.DeleteAccountRequest{PlayerId: caller.Player.String()}))
			})
			add := prepare(t, ctx, caller.Player)
			hooks.afterPlayer = start
			must(t, add())
			end()
			checkErased(t, s, caller.Player)
		})
	}
}

// saveCode saves a code whose text is CODE.
func saveCode(t *testing.T, s *Service, code account.Code) {
	t.Helper()
	code.Hash = account.HashCode("CODE")
	must(t, s.store.Write(t.Context(), func(tx store.Tx) error { return s.saveCode(t.Context(), tx, code) }))
}

func checkErased(t *testing.T, s *Service, of uuid.UUID) {
	t.Helper()
	must(t, s.store.Read(t.Context(), func(tx store.Tx) error {
		player, err := tx.Player(t.Context(), of)
		if err != nil || player.Kind != apiv1.PlayerKind_PLAYER_KIND_DELETED || player.Role != optionsv1.Role_ROLE_PLAYER {
			t.Errorf("the deleted player is %+v, %v", player, err)
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

// TestDeletionRemovesPendingCodes has a player try to link an address that is taken, which makes a code that belongs to no player.
func TestDeletionRemovesPendingCodes(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Service) {
		caller, _ := newGuest(t, s)
		subject := account.LinkSubject(caller.Player)
		saveCode(t, s, account.Code{Subject: subject, Email: "ann@example.com"})
		ctx := identity.NewContext(t.Context(), caller)
		must(t, errorOf((&accountServer{Service: s}).DeleteAccount(ctx, &apiv1.DeleteAccountRequest{PlayerId: caller.Player.String()})))
		must(t, s.store.Read(t.Context(), func(tx store.Tx) error {
			if code, err := tx.Code(t.Context(), subject); !errors.Is(err, account.ErrNotFound) {
				t.Errorf("code %+v, %v", code, err)
			}
			return nil
		}))
	})
}

// TestRemovedDevicesLeaveNoSession removes a device while it signs in: before the sign-in locks the player, and after.
func TestRemovedDevicesLeaveNoSession(t *testing.T) {
	url := postgresURL(t)
	s := newReplica(t, url, clockwork.NewFakeClock())
	hooks, devices := hookStore(s), &deviceServer{Service: s}
	for name, tc := range map[string]struct {
		hook *func()
		want errorsv1.Reason
	}{
		"before": {&hooks.afterDevice, errorsv1.Reason_REASON_CHALLENGE_FAILED}, "after": {&hooks.afterPlayer, 0},
	} {
		t.Run(name, func(t *testing.T) {
			caller, _ := newGuest(t, s)
			ctx, key := identity.NewContext(t.Context(), caller), newDeviceKey(t)
			added, err := devices.AddDevice(ctx, &apiv1.AddDeviceRequest{Proof: solveChallenge(t, s, key)})
			must(t, err)
			start, end := runConcurrently(t, url, func() error {
				return errorOf(devices.RemoveDevice(ctx, &apiv1.RemoveDeviceRequest{DeviceId: added.GetDevice().GetDeviceId()}))
			})
			*tc.hook = start
			if _, err := devices.SignInWithDevice(ctx, &apiv1.SignInWithDeviceRequest{Proof: solveChallenge(t, s, key)}); errs.Reason(err) != tc.want {
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

// TestDeletedPlayersGetNoTokens marks a player deleted but leaves a session and an API key.
func TestDeletedPlayersGetNoTokens(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Service) {
		caller, guest := newGuest(t, s)
		key, err := (&apiKeyServer{Service: s}).CreateApiKey(identity.NewContext(t.Context(), caller), &apiv1.CreateApiKeyRequest{Name: "bot"})
		must(t, err)
		must(t, s.store.Write(t.Context(), func(tx store.Tx) error {
			player, err := tx.Player(t.Context(), caller.Player)
			player.Kind = apiv1.PlayerKind_PLAYER_KIND_DELETED
			return errors.Join(err, tx.SavePlayer(t.Context(), player))
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

// TestRefreshDoesNotLockPlayer refreshes a session while a transaction holds the lock on the player.
func TestRefreshDoesNotLockPlayer(t *testing.T) {
	url := postgresURL(t)
	s := newReplica(t, url, clockwork.NewFakeClock())
	caller, guest := newGuest(t, s)
	start, end := runConcurrently(t, url, func() error {
		return errorOf((&sessionServer{Service: s}).RefreshSession(t.Context(), &apiv1.RefreshSessionRequest{RefreshToken: guest.GetRefreshToken()}))
	})
	must(t, s.store.Write(t.Context(), func(tx store.Tx) error {
		must(t, lockPlayer(t.Context(), tx, caller.Player))
		if start(); lockWaited(t, url) {
			t.Error("refreshing waits")
		}
		return nil
	}))
	end()
}
