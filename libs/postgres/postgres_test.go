package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/migrate"
	"github.com/bitcraps/bitcraps/libs/postgres"
	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

func TestMain(m *testing.M) { testserver.Main(m) }

func migrations(files map[string]string) migrate.Migrations {
	all := fstest.MapFS{}
	for name, sql := range files {
		all[name] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + sql)}
	}
	return migrate.Postgres(all, ".")
}

var things = migrations(map[string]string{"001_things.sql": "CREATE TABLE things (id uuid PRIMARY KEY, n bigint NOT NULL);"})

func empty(t *testing.T) string {
	return testserver.Database(t, "empty", nil)
}

func open(t *testing.T, url string) *postgres.DB {
	t.Helper()
	if _, _, err := postgres.Migrate(t.Context(), url, things); err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), url, postgres.Options{Connections: 4, Migrations: things, RaceConstraints: []string{"things_pkey"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func insert(ctx context.Context, tx *postgres.Tx, id uuid.UUID, n int) error {
	_, err := tx.Queued().Exec(ctx, "INSERT INTO things VALUES ($1, $2)", id, n)
	return err
}

func count(t *testing.T, db *postgres.DB) (n int) {
	t.Helper()
	if err := db.Read(t.Context(), func(on postgres.DBTX) error {
		return on.QueryRow(t.Context(), "SELECT COUNT(*) FROM things").Scan(&n)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSchemas(t *testing.T) {
	url := empty(t)
	if _, err := postgres.Open(t.Context(), url, postgres.Options{Connections: 1, Migrations: things}); err == nil {
		t.Error("a database without a schema was opened")
	}
	if seen(t, url) {
		t.Error("a service that can't start has begun to migrate")
	}
	var wg sync.WaitGroup
	for range 3 { // Processes that start concurrently.
		wg.Go(func() {
			if _, _, err := postgres.Migrate(t.Context(), url+"&search_path=a", things); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	a, b := open(t, url+"&search_path=a"), open(t, url+"&search_path=b")
	if err := a.Write(t.Context(), func(tx *postgres.Tx) error { return insert(t.Context(), tx, uuid.New(), 1) }); err != nil {
		t.Fatal(err)
	}
	if count(t, a) != 1 || count(t, b) != 0 {
		t.Errorf("a has %d rows, b has %d", count(t, a), count(t, b))
	}
	later := migrations(map[string]string{"001_things.sql": "SELECT 1;", "002_more.sql": "SELECT 1;"})
	if _, _, err := postgres.Migrate(t.Context(), url+"&search_path=a", later); err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.Open(t.Context(), url+"&search_path=a", postgres.Options{Connections: 1, Migrations: things}); err == nil || !strings.Contains(err.Error(), "schema version 2") {
		t.Errorf("a newer schema: %v", err)
	}
}

// seen reports whether migrations have created anything in a database.
func seen(t *testing.T, url string) (seen bool) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(conn.QueryRow(t.Context(), "SELECT to_regclass('goose_db_version') IS NOT NULL").Scan(&seen), conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	return seen
}

func TestTransactionsAreAllOrNothing(t *testing.T) {
	db, broken := open(t, empty(t)), errors.New("broken")
	for name, f := range map[string]func(*postgres.Tx) error{
		"refused": func(tx *postgres.Tx) error { return errors.Join(insert(t.Context(), tx, uuid.New(), 1), broken) },
		"refused after a flush": func(tx *postgres.Tx) error {
			return errors.Join(insert(t.Context(), tx, uuid.New(), 1), tx.Flush(t.Context()), broken)
		},
		"a statement fails with the commit": func(tx *postgres.Tx) error {
			_, err := tx.Queued().Exec(t.Context(), "SELECT 1 / 0")
			return errors.Join(insert(t.Context(), tx, uuid.New(), 1), err)
		},
		"a failure is ignored": func(tx *postgres.Tx) error {
			_, _ = tx.Queued().Exec(t.Context(), "SELECT 1 / 0")
			_ = tx.Flush(t.Context())
			return insert(t.Context(), tx, uuid.New(), 1)
		},
		"a query that can't wait": func(tx *postgres.Tx) error {
			return errors.Join(insert(t.Context(), tx, uuid.New(), 1), tx.Queued().QueryRow(t.Context(), "SELECT 1").Scan(new(int)))
		},
	} {
		if err := db.Write(t.Context(), f); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := db.Write(t.Context(), func(*postgres.Tx) error { return nil }); err != nil {
		t.Error(err)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestQueriesSeeQueuedStatements(t *testing.T) {
	db := open(t, empty(t))
	if err := db.Write(t.Context(), func(tx *postgres.Tx) error {
		for n := range 3 {
			if err := insert(t.Context(), tx, uuid.New(), n); err != nil {
				return err
			}
		}
		var n int
		postgres.QueueQuery(tx, &n, func(on postgres.DBTX) (n int, err error) {
			err = on.QueryRow(t.Context(), "SELECT COUNT(*) FROM things").Scan(&n)
			return n, err
		})
		err := tx.Flush(t.Context())
		if n != 3 {
			t.Errorf("%d rows", n)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Snapshot(t.Context(), func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "DELETE FROM things")
		return err
	}); err == nil {
		t.Error("a snapshot wrote")
	}
}

func TestRacesAndConflictsAreRetried(t *testing.T) {
	db, taken := open(t, empty(t)), uuid.New()
	if err := db.Write(t.Context(), func(tx *postgres.Tx) error { return insert(t.Context(), tx, taken, 0) }); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		fail func(tx *postgres.Tx) error
		runs int
	}{
		"conflict": {func(*postgres.Tx) error { return postgres.ErrConflict }, 2},
		"race":     {func(tx *postgres.Tx) error { return insert(t.Context(), tx, taken, 1) }, 2},
		"cut": {func(tx *postgres.Tx) error {
			_, _ = tx.Queued().Exec(t.Context(), "SELECT pg_terminate_backend(pg_backend_pid())")
			return tx.Flush(t.Context())
		}, 2},
		"cut with the commit, before it": {func(tx *postgres.Tx) error {
			_, err := tx.Queued().Exec(t.Context(), "SELECT pg_terminate_backend(pg_backend_pid())")
			return err
		}, 2},
		"broken": {func(*postgres.Tx) error { return errors.New("broken") }, 1},
	} {
		runs := 0
		err := db.Write(t.Context(), func(tx *postgres.Tx) error {
			if runs++; runs == 1 {
				return tc.fail(tx)
			}
			return nil
		})
		if runs != tc.runs || (err == nil) != (tc.runs == 2) {
			t.Errorf("%s: %d runs, %v", name, runs, err)
		}
	}
}

// TestContendedTransactionsMayBeRetried has a transaction conflict with others at every attempt, in each of the possible ways.
func TestContendedTransactionsMayBeRetried(t *testing.T) {
	db, taken := open(t, empty(t)), uuid.New()
	if err := db.Write(t.Context(), func(tx *postgres.Tx) error { return insert(t.Context(), tx, taken, 0) }); err != nil {
		t.Fatal(err)
	}
	for name, fail := range map[string]func(*postgres.Tx) error{
		"conflict":      func(*postgres.Tx) error { return postgres.ErrConflict },
		"serialization": func(*postgres.Tx) error { return &pgconn.PgError{Code: "40001"} },
		"race":          func(tx *postgres.Tx) error { return insert(t.Context(), tx, taken, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := db.Write(t.Context(), fail); errs.Reason(err) != errorsv1.Reason_REASON_UNAVAILABLE {
				t.Errorf("err = %v", err)
			}
		})
	}
}

// TestReadOnlyServersAreLeft makes the only connection read-only, like one to a former primary.
func TestReadOnlyServersAreLeft(t *testing.T) {
	url := empty(t)
	_ = open(t, url)
	db, err := postgres.Open(t.Context(), url, postgres.Options{Connections: 1, Migrations: things})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Write(t.Context(), func(tx *postgres.Tx) error {
		_, err := tx.Queued().Exec(t.Context(), "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	runs := 0
	err = db.Write(t.Context(), func(tx *postgres.Tx) error { runs++; return insert(t.Context(), tx, uuid.New(), 1) })
	if err != nil || runs != 2 {
		t.Errorf("%d runs, %v", runs, err)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	db := open(t, empty(t))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if err := db.Write(t.Context(), func(tx *postgres.Tx) error { return insert(t.Context(), tx, uuid.New(), 1) }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var backends int
	if err := db.Read(t.Context(), func(on postgres.DBTX) error {
		return on.QueryRow(t.Context(), "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bitcraps'").Scan(&backends)
	}); err != nil || backends > 4 {
		t.Errorf("%d connections, %v", backends, err)
	}
}
