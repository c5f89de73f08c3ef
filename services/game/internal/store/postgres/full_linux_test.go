package postgres_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres"
	"github.com/bitcraps/bitcraps/services/game/internal/store/storetest"
)

// TestDiskRunsFull keeps the tables on a disk of their own; PostgreSQL's write-ahead log is elsewhere.
func TestDiskRunsFull(t *testing.T) {
	disk := testserver.NewDisk(t, 64<<20)
	server := testserver.NewPostgres(t)
	server.Exec(t, fmt.Sprintf("CREATE TABLESPACE small LOCATION '%s'", disk.Dir))
	server.Exec(t, "CREATE DATABASE game TABLESPACE small")
	if _, _, err := postgres.Migrate(t.Context(), server.URL("game")); err != nil {
		t.Fatal(err)
	}
	storetest.FullDisk(t, openURL(t, server.URL("game")), disk)
}

// TestWALRunsFull keeps PostgreSQL's write-ahead log on a disk of its own. Without space for it the server reports that and
// crashes, at a commit that may or may not have taken effect. The caller finds out by repeating the request, once there is
// space and the server is started again.
func TestWALRunsFull(t *testing.T) {
	disk := testserver.NewDisk(t, 128<<20)
	server := testserver.NewPostgres(t, "--waldir", filepath.Join(disk.Dir, "wal"), "--wal-segsize", "1")
	store := openURL(t, server.Database(t, "game", postgres.Migrate))
	bankroll(t, store)
	alice := newID()
	key := play.Key{Game: table(t, store, alice), Player: alice}
	place := func(n int) error {
		_, err := call(t.Context(), store, key, fmt.Sprint(n), toggle(alice), func() {})
		return err
	}
	disk.Fill(t)
	n, err := 1, place(1)
	for ; err == nil && n < 100_000; err = place(n) {
		n++
	}
	disk.FreeAll(t)
	server.Restart(t, "QUIT")
	if reason := errs.Reason(err); reason != errorsv1.Reason_REASON_STORAGE_FULL && reason != errorsv1.Reason_REASON_UNAVAILABLE {
		t.Errorf("request %d: %v", n, err)
	}
	if err := place(n); err != nil {
		t.Errorf("with space: %v", err)
	}
	staked := int64(n%2) * 10 // An even number of toggles takes back what was staked.
	if balance, _, err := store.Balance(t.Context(), ledger.Wallet(alice)); err != nil || balance != rules.Grant-staked {
		t.Errorf("after %d requests the wallet is at %d, %v", n, balance, err)
	}
	expectBalanced(t, store)
}
