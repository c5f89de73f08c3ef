package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/audit"
)

// Audit implements play.Reader. All queries see one snapshot.
func (s *Store) Audit(ctx context.Context) (play.Audit, error) {
	var sum play.Audit
	err := s.scanTables(ctx, func(tx pgx.Tx) error {
		sum = play.Audit{Kinds: make(map[ledger.Kind]play.KindTotal)}
		if err := tx.QueryRow(ctx, audit.CountTransfers).Scan(&sum.Transfers); err != nil {
			return err
		}
		var kind ledger.Kind
		var total play.KindTotal
		rows, _ := tx.Query(ctx, audit.KindTotals) // ForEachRow returns the error.
		if _, err := pgx.ForEachRow(rows, []any{&kind, &total.Accounts, &total.Balance}, func() error {
			sum.Kinds[kind] = total
			return nil
		}); err != nil {
			return err
		}
		for _, check := range audit.Checks {
			found := play.AccountDifference{Check: check.Name}
			rows, _ := tx.Query(ctx, check.Query)
			if _, err := pgx.ForEachRow(rows, []any{&found.Account, &found.Balance, &found.Expected}, func() error {
				sum.Differences = append(sum.Differences, found)
				return nil
			}); err != nil {
				return err
			}
		}
		var exposures audit.ExposureCheck
		var bet audit.LiveBet
		rows, _ = tx.Query(ctx, audit.LiveBets)
		_, err := pgx.ForEachRow(rows, []any{&bet.Reserve, &bet.Exposure, &bet.Wager, &bet.Number, &bet.Amount}, func() error {
			exposures.Add(bet)
			return nil
		})
		sum.Differences = append(sum.Differences, exposures.Differences()...)
		return err
	})
	return sum, err
}

// Census implements play.Reader.
func (s *Store) Census(ctx context.Context) (c play.Census, err error) {
	err = s.scanTables(ctx, func(tx pgx.Tx) error {
		return errors.Join(tx.QueryRow(ctx, audit.CountPlayers).Scan(&c.Players), tx.QueryRow(ctx, audit.SumBalances).Scan(&c.Drift))
	})
	return c, err
}

// scanTables runs queries that scan whole tables, in one snapshot.
func (s *Store) scanTables(ctx context.Context, f func(pgx.Tx) error) error {
	return s.db.Snapshot(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, plannerDefaults, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
		return f(tx)
	})
}

// Lead reports whether this process is the leader among all processes on the database.
func (s *Store) Lead(ctx context.Context) (bool, error) { return s.census.Lead(ctx) }

// Connections returns the number of connections in use, and the limit.
func (s *Store) Connections() (inUse, limit int) { return s.db.Connections() }
