package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/api/internal/account"
	"github.com/bitcraps/bitcraps/services/api/internal/device"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

func newDevice(player uuid.UUID, seconds int) device.Device {
	key := sha256.Sum256([]byte{byte(seconds)})
	return device.Device{ID: uuid.Must(uuid.NewV7()), Player: player, PublicKey: key[:], Client: "phone", CreatedAt: at(seconds)}
}

// added runs a transaction that adds something, and reports whether something was added.
func (s suite) added(f func(ctx context.Context, tx store.Tx) (bool, error)) (added bool) {
	s.t.Helper()
	s.write(func(ctx context.Context, tx store.Tx) (err error) { added, err = f(ctx, tx); return err })
	return added
}

func devices(t *testing.T, open Open) {
	s := suite{t, open(t)}
	player := uuid.Must(uuid.NewV7())
	first, second := newDevice(player, 1), newDevice(player, 2)
	for _, d := range []device.Device{first, second, newDevice(uuid.Must(uuid.NewV7()), 3)} {
		if !s.added(func(ctx context.Context, tx store.Tx) (bool, error) { return tx.AddDevice(ctx, d) }) {
			t.Errorf("%+v was not added", d)
		}
	}
	again := newDevice(uuid.Must(uuid.NewV7()), 1)
	if s.added(func(ctx context.Context, tx store.Tx) (bool, error) { return tx.AddDevice(ctx, again) }) {
		t.Error("two devices have the same key")
	}
	s.inReadAndWrite(func(ctx context.Context, tx store.Tx) error {
		if got, err := tx.DeviceByKey(ctx, first.PublicKey); err != nil || !reflect.DeepEqual(got, first) {
			t.Errorf("%+v, %v; want %+v", got, err, first)
		}
		if _, err := tx.DeviceByKey(ctx, make([]byte, 32)); !errors.Is(err, device.ErrNotFound) {
			t.Errorf("an unknown key: %v", err)
		}
		if all, err := tx.Devices(ctx, player); err != nil || !reflect.DeepEqual(all, []device.Device{second, first}) {
			t.Errorf("devices %+v, %v", all, err)
		}
		return nil
	})
	s.write(func(ctx context.Context, tx store.Tx) error { return tx.RemoveDevice(ctx, second.ID) })
	s.inReadAndWrite(func(ctx context.Context, tx store.Tx) error {
		if all, err := tx.Devices(ctx, player); err != nil || len(all) != 1 || all[0].ID != first.ID {
			t.Errorf("devices %+v, %v", all, err)
		}
		return nil
	})
	challenges(s)
}

// challenges uses one challenge concurrently.
func challenges(s suite) {
	var wg sync.WaitGroup
	var fresh atomic.Int32
	for range 8 {
		wg.Go(func() {
			if s.added(func(ctx context.Context, tx store.Tx) (bool, error) { return tx.UseChallenge(ctx, [32]byte{1}, at(5)) }) {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	if fresh.Load() != 1 {
		s.t.Errorf("one challenge was used %d times", fresh.Load())
	}
	use := func(ctx context.Context, tx store.Tx) (bool, error) { return tx.UseChallenge(ctx, [32]byte{1}, at(5)) }
	prune := func(before time.Time) {
		s.write(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.PruneChallenges(ctx, before, 10)
			return err
		})
	}
	prune(at(5))
	if s.added(use) {
		s.t.Error("a challenge was deleted before it expired")
	}
	prune(at(6))
	if !s.added(use) {
		s.t.Error("a challenge was not deleted after it expired")
	}
}

func accounts(t *testing.T, open Open) {
	s := suite{t, open(t)}
	ann := account.Account{Player: uuid.Must(uuid.NewV7()), Email: "ann@example.com", Password: "hash", Created: at(0)}
	add := func(a account.Account) bool {
		return s.added(func(ctx context.Context, tx store.Tx) (bool, error) { return tx.AddAccount(ctx, a) })
	}
	if !add(ann) {
		t.Error("an account was not added")
	}
	other := account.Account{Player: uuid.Must(uuid.NewV7()), Email: ann.Email, Created: at(1)}
	second := account.Account{Player: ann.Player, Email: "bob@example.com", Created: at(1)}
	if add(other) || add(second) {
		t.Error("an address has two accounts, or a player has two")
	}
	check := func(want account.Account, wantErr error) {
		t.Helper()
		s.inReadAndWrite(func(ctx context.Context, tx store.Tx) error {
			if got, err := tx.Account(ctx, ann.Player); got != want || !errors.Is(err, wantErr) {
				t.Errorf("by player: %+v, %v; want %+v", got, err, want)
			}
			if got, err := tx.AccountByEmail(ctx, ann.Email); got != want || !errors.Is(err, wantErr) {
				t.Errorf("by address: %+v, %v; want %+v", got, err, want)
			}
			return nil
		})
	}
	check(ann, nil)
	ann.Password = "other"
	s.write(func(ctx context.Context, tx store.Tx) error { return tx.SavePassword(ctx, ann.Player, "other") })
	check(ann, nil)
	code := account.Code{Subject: account.LinkSubject(ann.Player), Player: ann.Player, Email: "x@example.com", Password: "p", Hash: [32]byte{1}, Expires: at(9)}
	codes(s, code)
	s.write(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.SaveCode(ctx, code), tx.RemoveAccount(ctx, ann.Player))
	})
	check(account.Account{}, account.ErrNotFound)
	wantCode(s, code.Subject, account.Code{}, account.ErrNotFound)
}

func wantCode(s suite, subject string, want account.Code, wantErr error) {
	s.t.Helper()
	s.inReadAndWrite(func(ctx context.Context, tx store.Tx) error {
		if got, err := tx.Code(ctx, subject); got != want || !errors.Is(err, wantErr) {
			s.t.Errorf("code %+v, %v; want %+v, %v", got, err, want, wantErr)
		}
		return nil
	})
}

func codes(s suite, code account.Code) {
	save := func(c account.Code) {
		s.write(func(ctx context.Context, tx store.Tx) error { return tx.SaveCode(ctx, c) })
	}
	save(code)
	wantCode(s, code.Subject, code, nil)
	code.Attempts, code.Hash, code.Expires = 3, [32]byte{2}, at(10)
	save(code)
	wantCode(s, code.Subject, code, nil)
	prune := func(before time.Time) {
		s.write(func(ctx context.Context, tx store.Tx) error { _, err := tx.PruneCodes(ctx, before, 10); return err })
	}
	prune(at(10))
	wantCode(s, code.Subject, code, nil)
	prune(at(11))
	wantCode(s, code.Subject, account.Code{}, account.ErrNotFound)
	save(code)
	s.write(func(ctx context.Context, tx store.Tx) error { return tx.RemoveCode(ctx, code.Subject) })
	wantCode(s, code.Subject, account.Code{}, account.ErrNotFound)
}
