package e2e_test

import (
	"fmt"
	"testing"
)

// auditLedger audits the ledger of a database, of either engine, with the operator's command. It runs when a target stops, so that
// the ledger is audited after every test.
func auditLedger(database string) error {
	if out, err := run("audit", "--set", "game.database.url="+database); err != nil {
		return fmt.Errorf("audit: %w\n%s", err, out)
	}
	return nil
}

// auditDatabase audits a platform's books with SQL of its own, without the platform's code, once nothing is in flight any more.
func auditDatabase(t *testing.T, database string) {
	t.Helper()
	db := open(t, database)
	for name, query := range map[string]string{
		"sum of all balances":      "SELECT SUM(balance) FROM accounts",
		"players below zero":       "SELECT COUNT(*) FROM accounts WHERE balance < 0 AND id NOT IN ('house', 'issuance')",
		"rounds without an end":    "SELECT COUNT(*) FROM rounds WHERE status <> 2",
		"games that still roll":    "SELECT COUNT(*) FROM games WHERE rolling",
		"bets settled twice":       "SELECT COUNT(*) FROM (SELECT bet_id FROM transfers WHERE reason IN ('stake_back', 'loss') GROUP BY bet_id HAVING COUNT(*) > 1) AS b",
		"wins paid twice":          "SELECT COUNT(*) FROM (SELECT bet_id FROM transfers WHERE reason = 'win' GROUP BY bet_id HAVING COUNT(*) > 1) AS b",
		"bets staked not once":     "SELECT COUNT(*) FROM bets WHERE (SELECT COUNT(*) FROM transfers WHERE bet_id = bets.id AND reason = 'stake') <> 1",
		"decided bets not settled": "SELECT COUNT(*) FROM bets WHERE status <> 1 AND NOT EXISTS (SELECT 1 FROM transfers WHERE bet_id = bets.id AND reason IN ('stake_back', 'loss'))",
		"live bets settled":        "SELECT COUNT(*) FROM bets WHERE status = 1 AND EXISTS (SELECT 1 FROM transfers WHERE bet_id = bets.id AND reason <> 'stake')",
		"payouts unlike transfers": "SELECT COUNT(*) FROM bets WHERE payout <> (SELECT COALESCE(SUM(amount), 0) FROM transfers WHERE bet_id = bets.id AND reason IN ('stake_back', 'win'))",
		"gaps in event logs":       "SELECT COUNT(*) FROM games WHERE sequence <> (SELECT COUNT(*) FROM events WHERE game_id = games.id)",
		"accounts that drifted": "SELECT COUNT(*) FROM accounts WHERE balance <> " +
			"(SELECT COALESCE(SUM(amount), 0) FROM transfers WHERE to_account = accounts.id) - (SELECT COALESCE(SUM(amount), 0) FROM transfers WHERE from_account = accounts.id)",
	} {
		var n int64
		if err := db.QueryRow(query).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}
