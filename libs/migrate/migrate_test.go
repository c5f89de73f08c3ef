package migrate_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bitcraps/bitcraps/libs/migrate"
	"github.com/bitcraps/bitcraps/libs/sqlite"
)

func file(sql string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("-- +goose Up\n" + sql)}
}

func TestUpAndCheck(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	first := fstest.MapFS{"001_a.sql": file("CREATE TABLE a (n INTEGER);")}
	second := fstest.MapFS{"001_a.sql": first["001_a.sql"], "002_b.sql": file("CREATE TABLE b (n INTEGER);")}

	if err := migrate.SQLite(first, ".").Check(t.Context(), db.Writer); err == nil {
		t.Error("an empty database passed the check")
	}
	if n := tables(t, db); n != 0 {
		t.Errorf("the check made %d tables", n)
	}
	for range 2 { // The second run has nothing to do.
		if _, _, err := migrate.SQLite(first, ".").Up(t.Context(), db.Writer); err != nil {
			t.Fatal(err)
		}
	}
	if err := migrate.SQLite(first, ".").Check(t.Context(), db.Writer); err != nil {
		t.Error(err)
	}
	if err := migrate.SQLite(second, ".").Check(t.Context(), db.Writer); err == nil {
		t.Error("an older database passed the check")
	}
	if _, _, err := migrate.SQLite(second, ".").Up(t.Context(), db.Writer); err != nil {
		t.Fatal(err)
	}
	if err := migrate.SQLite(first, ".").Check(t.Context(), db.Writer); err == nil {
		t.Error("a newer database passed the check")
	}
	if _, _, err := migrate.SQLite(first, ".").Up(t.Context(), db.Writer); err == nil || !strings.Contains(err.Error(), "at schema version 2 and this release knows 1") {
		t.Errorf("an older release migrates a newer database: %v", err)
	}
}

func tables(t *testing.T, db *sqlite.DB) (n int) {
	t.Helper()
	if err := db.Writer.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sqlite_master").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
