package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/audit"
)

// Audit implements play.Reader. All of it sees one moment.
func (s *Store) Audit(ctx context.Context) (play.Audit, error) {
	sum := play.Audit{Kinds: make(map[ledger.Kind]play.KindTotal)}
	err := s.Read(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, audit.Transfers).Scan(&sum.Transfers); err != nil {
			return err
		}
		err := each(ctx, tx, audit.Kinds, func(scan func(...any) error) error {
			var kind ledger.Kind
			var total play.KindTotal
			err := scan(&kind, &total.Accounts, &total.Balance)
			sum.Kinds[kind] = total
			return err
		})
		for _, check := range slices.Concat(audit.Checks, audit.Wallets) {
			err = errors.Join(err, each(ctx, tx, check.Query, func(scan func(...any) error) error {
				difference := play.Difference{Check: check.Name}
				err := scan(&difference.Account, &difference.Balance, &difference.Expected)
				sum.Differences = append(sum.Differences, difference)
				return err
			}))
		}
		return err
	})
	return sum, err
}

// Census implements play.Reader.
func (s *Store) Census(ctx context.Context) (c play.Census, err error) {
	err = s.Read(ctx, func(tx *sql.Tx) error {
		return errors.Join(tx.QueryRowContext(ctx, audit.Players).Scan(&c.Players), tx.QueryRowContext(ctx, audit.Drift).Scan(&c.Drift))
	})
	return c, err
}

// Lead reports that this process counts: no other one has the file.
func (s *Store) Lead(context.Context) (bool, error) { return true, nil }

// each reads every row of a query.
func each(ctx context.Context, tx *sql.Tx, query string, read func(scan func(...any) error) error) error {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // Its error is that of rows.Err.
	for rows.Next() {
		if err := read(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
