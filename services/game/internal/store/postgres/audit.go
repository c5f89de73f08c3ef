package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/audit"
)

// Audit implements play.Reader. All of it sees one moment.
func (s *Store) Audit(ctx context.Context) (play.Audit, error) {
	var sum play.Audit
	err := s.db.Snapshot(ctx, func(tx pgx.Tx) error {
		sum = play.Audit{Kinds: make(map[ledger.Kind]play.KindTotal)}
		if _, err := tx.Exec(ctx, usualSettings, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, audit.Transfers).Scan(&sum.Transfers); err != nil {
			return err
		}
		var kind ledger.Kind
		var total play.KindTotal
		rows, _ := tx.Query(ctx, audit.Kinds) // ForEachRow returns the error.
		if _, err := pgx.ForEachRow(rows, []any{&kind, &total.Accounts, &total.Balance}, func() error {
			sum.Kinds[kind] = total
			return nil
		}); err != nil {
			return err
		}
		for _, check := range audit.Checks {
			found := play.Difference{Check: check.Name}
			rows, _ := tx.Query(ctx, check.Query)
			if _, err := pgx.ForEachRow(rows, []any{&found.Account, &found.Balance, &found.Expected}, func() error {
				sum.Differences = append(sum.Differences, found)
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return sum, err
}
