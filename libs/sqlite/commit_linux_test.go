package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/sqlite"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// TestOutcomeOfFailedCommitIsUnknown makes the disk fail at a commit.
func TestOutcomeOfFailedCommitIsUnknown(t *testing.T) {
	db, path := open(t)
	breakFile(t, path+"-wal")
	if err := endOf(t, db, "INSERT INTO t VALUES (1)"); errs.Reason(err) != errorsv1.Reason_REASON_UNAVAILABLE {
		t.Errorf("%v, want that nobody knows", err)
	}
}

// breakFile makes writes to an open file fail.
func breakFile(t *testing.T, path string) {
	t.Helper()
	unwritable, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unwritable.Close() }()
	all, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	broken := 0
	for _, link := range all {
		if target, _ := os.Readlink(link); target != path {
			continue
		}
		fd, err := strconv.Atoi(filepath.Base(link))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Dup3(int(unwritable.Fd()), fd, syscall.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		broken++
	}
	if broken == 0 {
		t.Fatalf("%s is not open", path)
	}
}

// TestCommitThatViolatesAConstraintLeavesNothing has SQLite check a foreign key only at the commit.
func TestCommitThatViolatesAConstraintLeavesNothing(t *testing.T) {
	db, _ := open(t)
	const tables = "CREATE TABLE parent (n INTEGER PRIMARY KEY); CREATE TABLE child (n INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"
	if _, err := db.Writer.Exec(tables); err != nil {
		t.Fatal(err)
	}
	if err := endOf(t, db, "INSERT INTO child VALUES (1)"); errs.Reason(err) != errorsv1.Reason_REASON_INTERNAL {
		t.Errorf("%v, want an error of the transaction's own", err)
	}
}

// endOf returns the result of the commit of a statement that itself succeeds.
func endOf(t *testing.T, db *sqlite.DB, statement string) error {
	t.Helper()
	return db.Write(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.Exec(statement); err != nil {
			t.Errorf("it failed before the commit: %v", err)
		}
		return nil
	})
}
