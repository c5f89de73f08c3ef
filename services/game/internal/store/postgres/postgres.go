// Package postgres keeps games in PostgreSQL. Groups of commands cost a constant number of statements and two round trips, or one where
// this replica has in its cache what they need; replicas that work on other games are never waited for.
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

var migrations = migrate.Postgres(embedded, "migrations").Own("games")

// plannerSettings make every statement go by the index that is meant for it. A plan is made once for each connection, maybe
// while tables hold next to nothing and reading all of one looks cheap; it would stay so while they grow. So whole tables
// are not read, and what counts is how many rows a plan touches, not on how many pages they are. The audit, which adds up
// whole tables, goes back to the planner's own choice.
var plannerSettings = map[string]string{
	"plan_cache_mode": "force_generic_plan",
	"enable_seqscan":  "off", "enable_bitmapscan": "off", "enable_material": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
	"seq_page_cost": "0", "random_page_cost": "0", "cpu_tuple_cost": "1",
}

const plannerDefaults = `SET LOCAL plan_cache_mode = auto; SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on;
	SET LOCAL enable_material = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;
	SET LOCAL seq_page_cost = 1; SET LOCAL random_page_cost = 4; SET LOCAL cpu_tuple_cost = 0.01`

// raceConstraints are what two transactions may both try to be the first at: a request, the opening of an account, and the last that the
// house has.
var raceConstraints = []string{"requests_pkey", "accounts_pkey", "accounts_balance"}

// errNotCached is for what a transaction needs and can't have from the cache: it runs again, and loads.
var errNotCached = fmt.Errorf("%w: not in the cache", postgres.ErrAgain)

// Store implements play.Store.
type Store struct {
	db     *postgres.DB
	census *postgres.Leader
	cache  *cache
}

// Open opens a migrated database with at most so many connections.
func Open(ctx context.Context, url string, connections int) (*Store, error) {
	cache := newCache()
	opened, err := postgres.Open(ctx, url, postgres.Options{Connections: connections, Migrations: migrations, Races: raceConstraints, Settings: plannerSettings,
		Connected: cache.reset})
	if err != nil {
		return nil, err
	}
	return &Store{opened, opened.Leader("census"), cache}, nil
}

// Migrate brings the database to the schema that Open wants.
func Migrate(ctx context.Context, url string) (from, to int64, err error) {
	return postgres.Migrate(ctx, url, migrations)
}

// Close waits for what runs and closes every connection.
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), resignTimeout)
	defer cancel()
	s.census.Resign(ctx)
	return s.db.Close()
}

// resignTimeout is how long a server may take to take note that this process counts no more.
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

// serializationFailure is the code with which a statement fails that finds a row to be otherwise than it must be.
const serializationFailure = "40001"

// isStaleRead reports whether a transaction found a row to be otherwise than the cache had it.
func isStaleRead(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pgErr.Code == serializationFailure
}

// run runs f. What it makes of a cache that does not serve, it tries again without.
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
	return &transaction{store: s, tx: tx, later: db.New(tx.Later()), funds: funds, accounts: make(accounts),
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

// transaction implements play.Tx. Every transaction locks in one order: games by their ids, wallets and the accounts of
// tables by their ids, the accounts that all tables share. So none waits for one that waits for it, and the shared ones
// are held only from the moment of writing to the commit. Whoever holds a game holds its seats, bets, rounds, events,
// escrow and reserve. One that works from the cache locks as it writes, in the same order.
type transaction struct {
	tx          *postgres.Tx
	later       *db.Queries // Its statements go with the next round trip.
	funds       *play.Funds // Shared by all turns.
	accounts    accounts
	protections codec.Protections
	assumedNew  map[play.RequestKey]bool // Requests that are taken for new and are not saved.

	store *Store
	// mayUseCache is true where Load may work from the cache, cached where it does, learns where the cache keeps what is left.
	mayUseCache, cached, updatesCache bool
	cachedAllBets                     bool // Whether everybody's bets on a game were taken from the cache.
	epoch                             int  // The cache's.
	// games are those that the cache has, or that were loaded as a whole.
	games map[uuid.UUID]*game
	saved []*play.Turn // Those with a game.
	// version is that of what this transaction writes, 0 until it is known.
	version uint32
}

// await queues a query whose answer is there behind the next flush.
func await[R any](t *transaction, into *R, query func(*db.Queries) (R, error)) {
	postgres.Await(t.tx, into, func(on postgres.DBTX) (R, error) { return query(db.New(on)) })
}
