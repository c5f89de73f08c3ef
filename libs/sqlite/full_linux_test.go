package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/sqlite"
	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// TestDiskRunsFull frees a few pages of a full disk at a time, so that a transaction runs out of space at every stage. It leaves nothing
// until it succeeds as a whole, on the same connections.
func TestDiskRunsFull(t *testing.T) {
	for name, tc := range map[string]struct {
		rows  int   // Of 10,000 bytes each.
		pages int64 // How many are freed at a time.
	}{
		"at the commit": {8, 1},
		// SQLite writes pages that its cache has no room for before the commit.
		"while statements run": {500, 11},
	} {
		t.Run(name, func(t *testing.T) {
			disk := testserver.NewDisk(t, 8<<20)
			path := filepath.Join(disk.Dir, "full.db")
			db, err := sqlite.Open(t.Context(), path, 2)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			if _, err := db.Writer.Exec("CREATE TABLE t (n INTEGER, pages BLOB)"); err != nil {
				t.Fatal(err)
			}
			disk.Fill(t)
			refusals := 0
			for err = write(t, db, tc.rows); err != nil && !t.Failed(); err = write(t, db, tc.rows) {
				refusals++
				refused(t, db, path, err)
				disk.Free(t, tc.pages)
			}
			if least := tc.rows * 10_000 / os.Getpagesize() / int(tc.pages); refusals < least || stored(t, db) != tc.rows {
				t.Errorf("%d rows after %d refusals, want %d after %d or more", stored(t, db), refusals, tc.rows, least)
			}
		})
	}
}

func write(t *testing.T, db *sqlite.DB, rows int) error {
	return db.Write(t.Context(), func(tx *sql.Tx) error {
		for n := range rows {
			if _, err := tx.Exec("INSERT INTO t VALUES (?, ?)", n, make([]byte, 10_000)); err != nil {
				return err
			}
		}
		return nil
	})
}

// refused fails the test if an error is not that of a full disk, or if something was stored all the same.
func refused(t *testing.T, db *sqlite.DB, path string, err error) {
	t.Helper()
	full, ok := errors.AsType[*errs.Error](err)
	if !ok || errs.Reason(err) != errorsv1.Reason_REASON_STORAGE_FULL {
		t.Fatal(err)
	}
	if strings.Contains(err.Error(), path) || !strings.Contains(full.LogValue().String(), path) {
		t.Errorf("callers read %q and the log %q", err, full.LogValue())
	}
	if n := stored(t, db); n != 0 {
		t.Errorf("%d rows were stored", n)
	}
}

func stored(t *testing.T, db *sqlite.DB) (n int) {
	t.Helper()
	if err := db.Reader.QueryRow("SELECT COUNT(*) FROM t").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
