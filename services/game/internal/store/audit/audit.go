// Package audit holds the SQL queries that audit the ledger. They are the same on every engine; each store runs them in one snapshot.
package audit

import (
	"fmt"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// entries are both sides of every transfer: the account, the change of its balance, and the balance after it.
const entries = `(SELECT id, to_account AS account, amount AS delta, to_balance AS balance FROM transfers
	UNION ALL SELECT id, from_account, -amount, from_balance FROM transfers)`

// Check finds accounts that violate an invariant.
type Check struct {
	// Name is the check's name in play.Audit.
	Name string
	// Query returns accounts, their balances, and the expected balances.
	Query string
}

// CountTransfers counts all transfers.
const CountTransfers = `SELECT COUNT(*) FROM transfers`

// KindTotals adds up accounts by kind, which is the name without the colon and the owner's 36 characters.
const KindTotals = `SELECT CASE WHEN LENGTH(id) > 37 THEN SUBSTR(id, 1, LENGTH(id) - 37) ELSE id END AS kind, COUNT(*), CAST(SUM(balance) AS BIGINT)
	FROM accounts GROUP BY 1`

// CountPlayers counts the distinct players who are seated at open games.
const CountPlayers = `SELECT COUNT(DISTINCT s.player_id) FROM games AS g JOIN seats AS s ON s.game_id = g.id WHERE g.status = 1`

// SumBalances adds up all balances.
const SumBalances = `SELECT CAST(COALESCE(SUM(balance), 0) AS BIGINT) FROM accounts`

// Checks are the checks that all engines share.
var Checks = []Check{
	{play.SumOfTransfers, WithLimit(`SELECT COALESCE(a.id, m.account), COALESCE(a.balance, 0), CAST(COALESCE(m.sum, 0) AS BIGINT)
		FROM accounts AS a FULL JOIN (SELECT account, SUM(delta) AS sum FROM ` + entries + ` AS b GROUP BY account) AS m ON m.account = a.id
		WHERE a.id IS NULL OR a.balance <> COALESCE(m.sum, 0) ORDER BY 1`)},
	{play.RunningBalance, WithLimit(`SELECT account, balance, CAST(expected AS BIGINT)
		FROM (SELECT account, balance, SUM(delta) OVER (PARTITION BY account ORDER BY id) AS expected FROM ` + entries + ` AS b) AS m
		WHERE balance <> expected ORDER BY account`)},
	{play.BelowZero, WithLimit(`SELECT id, balance, 0 FROM accounts WHERE balance < 0 AND id <> 'issuance' ORDER BY id`)},
	{play.BetsOnTable, WithLimit(`SELECT COALESCE(a.id, b.account), COALESCE(a.balance, 0), CAST(COALESCE(b.sum, 0) AS BIGINT)
		FROM (SELECT id, balance FROM accounts WHERE id LIKE 'escrow:%') AS a
			FULL JOIN (SELECT 'escrow:' || game_id AS account, SUM(amount + commission) AS sum FROM bets WHERE status = 1 GROUP BY game_id) AS b
				ON b.account = a.id
		WHERE COALESCE(a.balance, 0) <> COALESCE(b.sum, 0) ORDER BY 1`)},
	{play.ReserveForBets, WithLimit(`SELECT 'reserve:' || g.id, COALESCE(a.balance, 0), g.exposure
		FROM games AS g LEFT JOIN accounts AS a ON a.id = 'reserve:' || g.id
		WHERE COALESCE(a.balance, 0) < g.exposure ORDER BY g.id`)},
	// A live bet that is missing from its escrow's balance fails BetsOnTable; so this check also finds live bets without an open game.
	{play.OpenTable, WithLimit(`SELECT a.id, a.balance, 0
		FROM (SELECT id, balance FROM accounts WHERE balance <> 0 AND (id LIKE 'escrow:%' OR id LIKE 'reserve:%')) AS a
			LEFT JOIN (SELECT 'escrow:' || id AS account FROM games WHERE status = 1
				UNION ALL SELECT 'reserve:' || id FROM games WHERE status = 1) AS o ON o.account = a.id
		WHERE o.account IS NULL ORDER BY a.id`)},
}

// WithLimit bounds a check's query to what an audit lists.
func WithLimit(query string) string { return fmt.Sprintf("%s LIMIT %d", query, play.MaxDifferences) }
