// Package sqlite stores games in a SQLite file, for one process.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/libs/migrate"
	"github.com/bitcraps/bitcraps/libs/sqlite"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/cached"
	"github.com/bitcraps/bitcraps/services/game/internal/store/codec"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite/db"
)

//go:embed migrations
var embedded embed.FS

var migrations = migrate.SQLite(embedded, "migrations").WithMarkerTable("games")

// Store implements play.Store.
type Store struct {
	*sqlite.Store[*db.Queries]
	cache *cache
}

// Open opens a migrated file with a limited number of connections.
func Open(ctx context.Context, path string, connections int) (*Store, error) {
	store, err := sqlite.OpenStore(ctx, path, connections, migrations,
		func(ctx context.Context, file *sql.DB) (*db.Queries, error) { return db.Prepare(ctx, file) })
	return &Store{store, newCache()}, err
}

// Migrate migrates the file at path to the schema that Open needs. It creates the file if it is missing.
func Migrate(ctx context.Context, path string) (from, to int64, err error) {
	return sqlite.Migrate(ctx, path, migrations)
}

// Update implements play.Store.
func (s *Store) Update(ctx context.Context, f func(play.Tx) error) error {
	locked, committing := false, false
	defer func() {
		if locked {
			s.cache.mu.Unlock()
		}
	}()
	var t *transaction
	err := s.Write(ctx, func(tx *sql.Tx) error {
		s.cache.mu.Lock() // Transactions queue for the writer's connection; here they wait until the last one has updated the cache.
		locked = true
		if err := s.checkVersion(withoutCancel(ctx), tx); err != nil {
			return err
		}
		t = s.transaction(tx)
		err := f(t)
		committing = err == nil
		return err
	})
	switch {
	case err == nil:
		s.cache.update(t)
	case committing: // It is unknown whether the commit took effect.
		s.cache.clear()
	}
	return err
}

func (s *Store) transaction(tx *sql.Tx) *transaction {
	funds := play.NewFunds()
	return &transaction{q: s.Writing.WithTx(tx), cache: s.cache, funds: funds, games: make(map[uuid.UUID]*cached.Game), accounts: make(accounts),
		lastTransfer: s.cache.lastTransfer, protections: codec.NewProtections(funds.Protections)}
}

// PruneRequests implements play.Store.
func (s *Store) PruneRequests(ctx context.Context, before time.Time, limit int) (int, error) {
	var n int64
	err := s.Write(ctx, func(tx *sql.Tx) (err error) {
		n, err = s.Writing.WithTx(tx).PruneRequests(ctx, micros.Of(before), int64(limit))
		return err
	})
	return int(n), err
}

// transaction implements play.Tx. SQLite runs in this process, so a statement for each row costs no round trip; but it costs
// more than the row itself, so what every bet needs is read for the whole group at once.
type transaction struct {
	q     *db.Queries
	cache *cache
	// funds are shared by all turns of the transaction.
	funds *play.Funds
	// games are the games as they were loaded, or as they were saved since.
	games    map[uuid.UUID]*cached.Game
	accounts accounts
	// lastTransfer is the id of the latest transfer, 0 until it is needed.
	lastTransfer int64
	protections  codec.Protections
}

// withoutCancel keeps the driver from starting a goroutine for each statement that waits for the context to end. Statements are many and
// short; the transaction itself still ends with its context.
func withoutCancel(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// notFound translates SQL's error for no rows into the domain's.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return play.ErrNotFound
	}
	return err
}

// expectOneRow fails unless a statement changed exactly one row: anything else means that the row is not what was loaded.
func expectOneRow(n int64, err error) error {
	if err == nil && n != 1 {
		return fmt.Errorf("%d rows changed instead of one", n)
	}
	return err
}
