package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/bitcraps/bitcraps/libs/sqlite"
)

func open(t *testing.T) (*sqlite.DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a folder", "x?y#z.db")
	db, err := sqlite.Open(t.Context(), path, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Writer.Exec("CREATE TABLE t (n INTEGER)"); err != nil {
		t.Fatal(err)
	}
	return db, path
}

func TestPragmas(t *testing.T) {
	db, path := open(t)
	for name, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000",
	} {
		for which, conn := range map[string]*sql.DB{"writer": db.Writer, "reader": db.Reader} {
			var got string
			if err := conn.QueryRow("PRAGMA " + name).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %s = %q, %v; want %q", which, name, got, err, want)
			}
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v", info.Mode(), err)
	}
	if _, err := db.Reader.Exec("INSERT INTO t VALUES (1)"); err == nil {
		t.Error("the reader wrote")
	}
}

func TestWritersQueueAndNoneIsLost(t *testing.T) {
	db, _ := open(t)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				if err := db.Write(t.Context(), func(tx *sql.Tx) error {
					_, err := tx.Exec("INSERT INTO t SELECT COALESCE(MAX(n), 0) + 1 FROM t")
					return err
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var count, highest int
	err := db.Read(t.Context(), func(tx *sql.Tx) error {
		return tx.QueryRow("SELECT COUNT(*), MAX(n) FROM t").Scan(&count, &highest)
	})
	if err != nil || count != 320 || highest != 320 {
		t.Errorf("count %d, highest %d, %v", count, highest, err)
	}
}

func TestFailedTransactionLeavesNothing(t *testing.T) {
	db, _ := open(t)
	broken := errors.New("broken")
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.Exec("INSERT INTO t VALUES (1)"); err != nil {
			return err
		}
		return broken
	})
	var count int
	if scanErr := db.Reader.QueryRow("SELECT COUNT(*) FROM t").Scan(&count); !errors.Is(err, broken) || scanErr != nil || count != 0 {
		t.Errorf("err %v, %d rows, %v", err, count, scanErr)
	}
}

// TestEndedContextIsReported has statements that ignore the context, like those of a group, fail because it has ended their transaction.
func TestEndedContextIsReported(t *testing.T) {
	db, _ := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Write(ctx, func(tx *sql.Tx) (err error) {
		for cancel(); err == nil; { // The driver ends it soon.
			_, err = tx.ExecContext(context.WithoutCancel(ctx), "SELECT 1")
		}
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that the context was canceled", err)
	}
}
