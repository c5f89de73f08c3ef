// Package sqlite keeps games in a SQLite file.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/migrate"
	"github.com/bitcraps/bitcraps/libs/sqlite"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite/db"
	"github.com/bitcraps/bitcraps/services/game/internal/store/stored"
)

//go:embed migrations
var embedded embed.FS

var migrations = migrate.SQLite(embedded, "migrations")

// Store implements play.Store.
type Store struct{ *sqlite.Store[*db.Queries] }

// Open opens a migrated file with at most so many connections.
func Open(ctx context.Context, path string, connections int) (*Store, error) {
	store, err := sqlite.OpenStore(ctx, path, connections, migrations,
		func(ctx context.Context, file *sql.DB) (*db.Queries, error) { return db.Prepare(ctx, file) })
	return &Store{store}, err
}

// Migrate brings the file at path, which is made where it is missing, to the schema that Open wants.
func Migrate(ctx context.Context, path string) error { return sqlite.Migrate(ctx, path, migrations) }

// Update implements play.Store.
func (s *Store) Update(ctx context.Context, f func(play.Tx) error) error {
	return s.Write(ctx, func(tx *sql.Tx) error {
		funds := play.NewFunds()
		return f(&transaction{q: s.Writing.WithTx(tx), funds: funds, protections: stored.NewProtections(funds.Protections)})
	})
}

// PruneRequests implements play.Store.
func (s *Store) PruneRequests(ctx context.Context, before time.Time, limit int) (int, error) {
	var n int64
	err := s.Write(ctx, func(tx *sql.Tx) (err error) {
		n, err = s.Writing.WithTx(tx).PruneRequests(ctx, before.UnixMicro(), int64(limit))
		return err
	})
	return int(n), err
}

// transaction implements play.Tx. SQLite runs in this process, so a statement for each row costs no round trip.
type transaction struct {
	q *db.Queries
	// funds are shared by all turns of the transaction.
	funds       *play.Funds
	protections stored.Protections
}

// Load implements play.Tx.
func (t *transaction) Load(ctx context.Context, keys ...play.Key) ([]*play.Turn, error) {
	turns := make([]*play.Turn, len(keys))
	byGame := make(map[uuid.UUID]*play.Turn, len(keys))
	for i, key := range keys {
		turn, seen := byGame[key.Game]
		if !seen || key.Game == uuid.Nil {
			var err error
			if turn, err = t.loadGame(ctx, key.Game); err != nil {
				return nil, err
			}
			byGame[key.Game] = turn
		}
		if turn == nil {
			continue
		}
		if err := t.loadBets(ctx, turn, key); err != nil {
			return nil, err
		}
		if err := t.loadWallet(ctx, key.Player); err != nil {
			return nil, err
		}
		turns[i] = turn
	}
	return turns, nil
}

func (t *transaction) loadGame(ctx context.Context, id uuid.UUID) (*play.Turn, error) {
	if id == uuid.Nil {
		return &play.Turn{Funds: t.funds}, nil
	}
	game, err := loadGame(ctx, t.q, id)
	if errors.Is(err, play.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	turn := &play.Turn{Game: game, Funds: t.funds}
	return turn, t.loadReserve(ctx, turn)
}

func (t *transaction) loadBets(ctx context.Context, turn *play.Turn, key play.Key) error {
	var rows []db.Bet
	var err error
	switch {
	case turn.Game == nil:
		return nil
	case key.All:
		rows, err = t.q.LiveBets(ctx, key.Game)
	case key.Only != nil:
		flat := key.Only
		if flat.Behind != nil {
			flat = flat.Behind
		}
		rows, err = t.q.LiveBetsOnWagers(ctx, db.LiveBetsOnWagersParams{
			GameID: key.Game, PlayerID: key.Player, Wager: int64(key.Only.Code), Flat: int64(flat.Code)})
	case key.Player != uuid.Nil:
		rows, err = t.q.LiveBetsOfPlayer(ctx, key.Game, key.Player)
	}
	if err != nil {
		return err
	}
	bets, err := stored.All(rows, toBet)
	turn.AddLoaded(bets...)
	for _, bet := range bets {
		err = errors.Join(err, t.loadWallet(ctx, bet.Player))
	}
	return err
}

// loadWallet loads a wallet, unless it is loaded already: another turn may have changed it since.
func (t *transaction) loadWallet(ctx context.Context, player uuid.UUID) error {
	if _, known := t.funds.Wallets[player]; known || player == uuid.Nil {
		return nil
	}
	row, err := t.q.Account(ctx, ledger.Wallet(player))
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	t.funds.Wallets[player] = row.Balance
	return t.protections.Load(player, row.Protection)
}

// loadReserve loads what the house has to pay the table's bets from.
func (t *transaction) loadReserve(ctx context.Context, turn *play.Turn) (err error) {
	if t.funds.House == 0 { // Not loaded, or nothing is there.
		if t.funds.House, _, err = t.Balance(ctx, ledger.House); err != nil {
			return err
		}
	}
	turn.Reserve, _, err = t.Balance(ctx, ledger.Reserve(turn.Game.ID))
	return err
}

// notFound gives SQL's way of saying that there is nothing the domain's name.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return play.ErrNotFound
	}
	return err
}

// one fails unless a statement changed just one row: anything else means that the row is not what was loaded.
func one(n int64, err error) error {
	if err == nil && n != 1 {
		return fmt.Errorf("%d rows changed instead of one", n)
	}
	return err
}
