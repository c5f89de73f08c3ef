package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// movements are both sides of every transfer: the account, what it got, and what it had behind it.
const movements = `(SELECT id, to_account AS account, amount AS delta, to_balance AS balance FROM transfers
	UNION ALL SELECT id, from_account, -amount, from_balance FROM transfers)`

// auditChecks return the accounts that are not what they must be: account, balance, and what it must be.
var auditChecks = []struct{ name, query string }{
	{play.SumOfTransfers, `SELECT a.id, a.balance, COALESCE(m.sum, 0)
		FROM accounts AS a LEFT JOIN (SELECT account, SUM(delta) AS sum FROM ` + movements + ` GROUP BY account) AS m ON m.account = a.id
		WHERE a.balance <> COALESCE(m.sum, 0) ORDER BY a.id LIMIT ?`},
	{play.RunningBalance, `SELECT account, balance, expected
		FROM (SELECT account, balance, SUM(delta) OVER (PARTITION BY account ORDER BY id) AS expected FROM ` + movements + `) AS m
		WHERE balance <> expected ORDER BY account LIMIT ?`},
	{play.BelowZero, `SELECT id, balance, 0 FROM accounts WHERE balance < 0 AND id <> 'issuance' ORDER BY id LIMIT ?`},
	{play.BetsOnTable, `SELECT 'escrow:' || g.id, COALESCE(a.balance, 0), COALESCE(b.sum, 0)
		FROM games AS g LEFT JOIN accounts AS a ON a.id = 'escrow:' || g.id
			LEFT JOIN (SELECT game_id, SUM(amount + commission) AS sum FROM bets WHERE status = 1 GROUP BY game_id) AS b ON b.game_id = g.id
		WHERE COALESCE(a.balance, 0) <> COALESCE(b.sum, 0) ORDER BY g.id LIMIT ?`},
	{play.ReserveForBets, `SELECT 'reserve:' || g.id, COALESCE(a.balance, 0), g.exposure
		FROM games AS g LEFT JOIN accounts AS a ON a.id = 'reserve:' || g.id
		WHERE COALESCE(a.balance, 0) < g.exposure ORDER BY g.id LIMIT ?`},
}

// auditKinds adds up accounts by the part of their name before the colon.
const auditKinds = `SELECT CASE INSTR(id, ':') WHEN 0 THEN id ELSE SUBSTR(id, 1, INSTR(id, ':') - 1) END AS kind, COUNT(*), SUM(balance)
	FROM accounts GROUP BY kind`

// Audit implements play.Reader. All of it sees one moment.
func (s *Store) Audit(ctx context.Context) (play.Audit, error) {
	audit := play.Audit{Kinds: make(map[ledger.Kind]play.KindTotal)}
	err := s.Read(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM transfers`).Scan(&audit.Transfers); err != nil {
			return err
		}
		err := each(ctx, tx, auditKinds, nil, func(scan func(...any) error) error {
			var kind ledger.Kind
			var total play.KindTotal
			err := scan(&kind, &total.Accounts, &total.Balance)
			audit.Kinds[kind] = total
			return err
		})
		for _, check := range auditChecks {
			err = errors.Join(err, each(ctx, tx, check.query, []any{play.MaxDifferences}, func(scan func(...any) error) error {
				difference := play.Difference{Check: check.name}
				err := scan(&difference.Account, &difference.Balance, &difference.Expected)
				audit.Differences = append(audit.Differences, difference)
				return err
			}))
		}
		return err
	})
	return audit, err
}

// each reads every row of a query.
func each(ctx context.Context, tx *sql.Tx, query string, args []any, read func(scan func(...any) error) error) error {
	rows, err := tx.QueryContext(ctx, query, args...)
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
