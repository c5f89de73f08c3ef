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

// walletChecks check the columns of wallets that only SQLite has.
var walletChecks = []audit.Check{
	{Name: play.InPlay, Query: audit.WithLimit(`SELECT a.id, a.in_play, COALESCE(b.sum, 0) FROM accounts AS a
		LEFT JOIN (SELECT 'player:' || player_id AS wallet, SUM(amount + commission) AS sum FROM bets WHERE status = 1 GROUP BY player_id) AS b
			ON b.wallet = a.id
		WHERE a.in_play <> COALESCE(b.sum, 0) ORDER BY a.id`)},
	{Name: play.LastTransfer, Query: audit.WithLimit(`SELECT a.id, a.last_transfer, COALESCE(c.last, 0) FROM accounts AS a
		LEFT JOIN (SELECT account, MAX(id) AS last FROM ` + walletTransfers + ` AS b GROUP BY account) AS c ON c.account = a.id
		WHERE a.last_transfer <> COALESCE(c.last, 0) ORDER BY a.id`)},
	{Name: play.Previous, Query: audit.WithLimit(`SELECT account, previous, expected
		FROM (SELECT account, previous, LAG(id, 1, 0) OVER (PARTITION BY account ORDER BY id) AS expected FROM ` + walletTransfers + ` AS b) AS c
		WHERE previous <> expected ORDER BY account`)},
}

// walletTransfers are the transfers of every wallet, each with the one recorded as previous.
const walletTransfers = `(SELECT id, to_account AS account, to_previous AS previous FROM transfers WHERE to_account LIKE 'player:%'
	UNION ALL SELECT id, from_account, from_previous FROM transfers WHERE from_account LIKE 'player:%')`

// Audit implements play.Reader. All queries see one snapshot.
func (s *Store) Audit(ctx context.Context) (play.Audit, error) {
	sum := play.Audit{Kinds: make(map[ledger.Kind]play.KindTotal)}
	err := s.Read(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, audit.CountTransfers).Scan(&sum.Transfers); err != nil {
			return err
		}
		err := forEachRow(ctx, tx, audit.KindTotals, func(scan func(...any) error) error {
			var kind ledger.Kind
			var total play.KindTotal
			err := scan(&kind, &total.Accounts, &total.Balance)
			sum.Kinds[kind] = total
			return err
		})
		for _, check := range slices.Concat(audit.Checks, walletChecks) {
			err = errors.Join(err, forEachRow(ctx, tx, check.Query, func(scan func(...any) error) error {
				difference := play.AccountDifference{Check: check.Name}
				err := scan(&difference.Account, &difference.Balance, &difference.Expected)
				sum.Differences = append(sum.Differences, difference)
				return err
			}))
		}
		var exposures audit.ExposureCheck
		err = errors.Join(err, forEachRow(ctx, tx, audit.LiveBets, func(scan func(...any) error) error {
			var bet audit.LiveBet
			err := scan(&bet.Reserve, &bet.Exposure, &bet.Wager, &bet.Number, &bet.Amount)
			exposures.Add(bet)
			return err
		}))
		sum.Differences = append(sum.Differences, exposures.Differences()...)
		return err
	})
	return sum, err
}

// Census implements play.Reader.
func (s *Store) Census(ctx context.Context) (c play.Census, err error) {
	err = s.Read(ctx, func(tx *sql.Tx) error {
		return errors.Join(tx.QueryRowContext(ctx, audit.CountPlayers).Scan(&c.Players), tx.QueryRowContext(ctx, audit.SumBalances).Scan(&c.Drift))
	})
	return c, err
}

// Lead reports that this process is the leader: no other process uses the file.
func (s *Store) Lead(context.Context) (bool, error) { return true, nil }

// forEachRow calls read for every row of a query.
func forEachRow(ctx context.Context, tx *sql.Tx, query string, read func(scan func(...any) error) error) error {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err returns its error.
	for rows.Next() {
		if err := read(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
