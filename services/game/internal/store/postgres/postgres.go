// Package postgres stores games in PostgreSQL. A group of commands takes a constant number of statements and two round trips, or one if
// the cache of this replica holds what the group needs. Replicas that work on different games never wait for each other.
package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/libs/migrate"
	"github.com/bitcraps/bitcraps/libs/postgres"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/codec"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres/db"
)

//go:embed migrations
var embedded embed.FS

var migrations = migrate.Postgres(embedded, "migrations").WithMarkerTable("games")

// plannerSettings make every statement use the index that is meant for it. A plan is made once for each connection, maybe
// while tables are nearly empty and a sequential scan looks cheap; it would be kept while they grow. So scans of whole tables
// are disabled, and the cost of a plan is the number of rows it reads, not of pages. The audit, which adds up whole tables,
// restores the defaults.
var plannerSettings = map[string]string{
	"plan_cache_mode": "force_generic_plan",
	"enable_seqscan":  "off", "enable_bitmapscan": "off", "enable_material": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
	"seq_page_cost": "0", "random_page_cost": "0", "cpu_tuple_cost": "1",
}

const plannerDefaults = `SET LOCAL plan_cache_mode = auto; SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on;
	SET LOCAL enable_material = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;
	SET LOCAL seq_page_cost = 1; SET LOCAL random_page_cost = 4; SET LOCAL cpu_tuple_cost = 0.01`

// raceConstraints are the constraints that fail if another transaction was first to save a request, open an account, or
// spend the house's last funds.
var raceConstraints = []string{"requests_pkey", "accounts_pkey", "accounts_balance"}

// errNotCached means that a transaction needs something that the cache can't provide: it runs again, without the cache.
var errNotCached = fmt.Errorf("%w: not in the cache", postgres.ErrRerun)

// Store implements play.Store.
type Store struct {
	db     *postgres.DB
	census *postgres.Candidate
	cache  *cache
}

// Open opens a migrated database with a limited number of connections.
func Open(ctx context.Context, url string, connections int) (*Store, error) {
	cache := newCache()
	opened, err := postgres.Open(ctx, url, postgres.Options{Connections: connections, Migrations: migrations, RaceConstraints: raceConstraints, Settings: plannerSettings,
		OnConnect: cache.reset})
	if err != nil {
		return nil, err
	}
	return &Store{opened, opened.Candidate("census"), cache}, nil
}

// Migrate migrates the database to the schema that Open needs.
func Migrate(ctx context.Context, url string) (from, to int64, err error) {
	return postgres.Migrate(ctx, url, migrations)
}

// Close waits for running transactions and closes every connection.
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), resignTimeout)
	defer cancel()
	s.census.Resign(ctx)
	return s.db.Close()
}

// resignTimeout bounds how long Close waits for the server to release this process's leadership.
const resignTimeout = time.Second

// Update implements play.Store.
func (s *Store) Update(ctx context.Context, f func(play.Tx) error) error {
	var t *transaction
	err := s.db.Write(ctx, func(tx *postgres.Tx) error {
		before := t
		if before != nil && before.cached && isStaleRead(before.tx.Err()) {
			s.cache.recordConflict(before)
		}
		t = s.transaction(tx)
		s.cache.begin(t)
		t.mayUseCache = t.mayUseCache && before == nil
		return t.run(ctx, f)
	})
	if err == nil && t.updatesCache {
		s.cache.update(t)
	}
	return err
}

// serializationFailure is the SQLSTATE of a statement that finds a row changed since it was cached.
const serializationFailure = "40001"

// isStaleRead reports whether a transaction found that a row differs from the cache.
func isStaleRead(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pgErr.Code == serializationFailure
}

// run runs f. A transaction that fails from the cache runs again without it.
func (t *transaction) run(ctx context.Context, f func(play.Tx) error) error {
	err := t.recheckRequests(ctx, f(t))
	if err == nil {
		err = t.verify(ctx)
	}
	if t.cached && ctx.Err() == nil && (err != nil || t.funds.HouseShort) {
		return errNotCached
	}
	return err
}

func (s *Store) transaction(tx *postgres.Tx) *transaction {
	funds := play.NewFunds()
	return &transaction{store: s, tx: tx, later: db.New(tx.Queued()), funds: funds, accounts: make(accounts),
		protections: codec.NewProtections(funds.Protections), assumedNew: make(map[play.RequestKey]bool), games: make(map[uuid.UUID]*game)}
}

// PruneRequests implements play.Store.
func (s *Store) PruneRequests(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := read(ctx, s, func(q *db.Queries) (int64, error) { return q.PruneRequests(ctx, micros.Of(before), int32(limit)) })
	return int(n), err
}

// read runs one statement by itself.
func read[R any](ctx context.Context, s *Store, query func(*db.Queries) (R, error)) (result R, err error) {
	err = s.db.Read(ctx, func(on postgres.DBTX) (err error) {
		result, err = query(db.New(on))
		return err
	})
	return result, err
}

// transaction implements play.Tx. Every transaction locks in the same order: games by their ids, wallets and the accounts of
// tables by their ids, then the accounts that all tables share. So there are no deadlocks, and the shared accounts are locked
// only from writing them to the commit. The lock of a game also guards its seats, bets, rounds, events, escrow and reserve. A
// transaction that works from the cache locks as it writes, in the same order.
type transaction struct {
	tx          *postgres.Tx
	later       *db.Queries // Its statements are sent with the next round trip.
	funds       *play.Funds // Shared by all turns.
	accounts    accounts
	protections codec.Protections
	assumedNew  map[play.RequestKey]bool // Requests that are assumed to be new and are not saved yet.

	store *Store
	// mayUseCache is true if Load may work from the cache, cached if it does, updatesCache if the cache is updated after
	// the commit.
	mayUseCache, cached, updatesCache bool
	cachedAllBets                     bool // Whether everybody's bets at a game were taken from the cache.
	epoch                             int  // The cache's epoch at the beginning.
	// games are those that are cached, or were loaded completely.
	games map[uuid.UUID]*game
	saved []*play.Turn // Those with a game.
	// version is the version of the rows that this transaction writes, 0 until it is known.
	version uint32
}

// await queues a query whose result is available after the next Flush.
func await[R any](t *transaction, into *R, query func(*db.Queries) (R, error)) {
	postgres.QueueQuery(t.tx, into, func(on postgres.DBTX) (R, error) { return query(db.New(on)) })
}
