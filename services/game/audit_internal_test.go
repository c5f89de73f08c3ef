package game

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // Registers the driver "pgx".

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// TestAuditDetectsOrphans removes the games, seats, accounts or transfers that bets and money belong to.
func TestAuditDetectsOrphans(t *testing.T) {
	for name, tc := range map[string]struct {
		statements []string
		check      string
		kind       ledger.Kind
	}{
		"bets of a game that is over":    {[]string{`UPDATE games SET status = 2`}, play.OpenTable, ledger.KindEscrow},
		"reserve of a game that is over": {[]string{`UPDATE games SET status = 2`}, play.OpenTable, ledger.KindReserve},
		"bets of no game":                {[]string{`DELETE FROM seats`, `DELETE FROM games`}, play.OpenTable, ledger.KindEscrow},
		"reserve of no game":             {[]string{`DELETE FROM seats`, `DELETE FROM games`}, play.OpenTable, ledger.KindReserve},
		"bets of no game, without money": {[]string{`DELETE FROM seats`, `DELETE FROM games`, `DELETE FROM transfers`, `DELETE FROM accounts`}, play.BetsOnTable, ledger.KindEscrow},
		"transfers of no wallet":         {[]string{`DELETE FROM accounts WHERE id LIKE 'player:%'`}, play.SumOfTransfers, ledger.KindPlayer},
	} {
		t.Run(name, func(t *testing.T) {
			onEachEngine(t, func(t *testing.T, s manualService, _ *countingStore) {
				player := newBettors(s, 1)[0]
				s.commitTogether(player.bet)
				s.audit()
				s.tamper(tc.statements...)
				audit, err := s.store.Audit(t.Context())
				if err != nil || audit.Balanced() || !slices.ContainsFunc(audit.Differences, func(d play.AccountDifference) bool {
					return d.Check == tc.check && d.Account.Kind == tc.kind && d.Balance != d.Expected
				}) {
					t.Errorf("audit = %+v, %v; want %s of an account of the kind %s", audit, err, tc.check, tc.kind)
				}
			})
		})
	}
}

// TestClosedGamesBalance closes games in both ways: all players leave one, and the other expires with a live bet.
func TestClosedGamesBalance(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s manualService, _ *countingStore) {
		players := newBettors(s, 2)
		for _, p := range players {
			s.commitTogether(p.bet)
		}
		s.commitTogether(func() error {
			_, err := (&gameServer{Service: s.Service}).LeaveGame(players[0].ctx(), &gamev1.LeaveGameRequest{GameId: players[0].game})
			return err
		})
		if err := s.store.Update(t.Context(), func(tx play.Tx) error {
			game, err := parseID("game_id", players[1].game)
			if err != nil {
				return err
			}
			turns, err := tx.Load(t.Context(), play.Key{Game: game, All: true})
			if err != nil {
				return err
			}
			if _, err := s.prepare(turns[0]).Expire(s.now().Add(time.Hour)); err != nil {
				return err
			}
			return tx.Save(t.Context(), turns...)
		}); err != nil {
			t.Fatal(err)
		}
		if open, err := s.store.OpenGames(t.Context(), [16]byte{}, 1); err != nil || len(open) > 0 {
			t.Errorf("open games: %v, %v", open, err)
		}
		s.audit()
	})
}

// TestOnlyIssuanceGoesBelowZero tests the schema's constraint alone, without the other checks that keep balances from going below zero.
func TestOnlyIssuanceGoesBelowZero(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s manualService, _ *countingStore) {
		s.commitTogether(newBettors(s, 1)[0].bet)
		for account, allowed := range map[string]bool{"issuance": true, "house": false, "player:%": false, "escrow:%": false, "reserve:%": false} {
			if err := s.exec(`UPDATE accounts SET balance = -1 WHERE id LIKE '` + account + `'`); (err == nil) != allowed {
				t.Errorf("%s goes below zero: %v", account, err)
			}
		}
	})
}

// tamper changes rows directly, ignoring foreign keys on SQLite.
func (s manualService) tamper(statements ...string) {
	s.t.Helper()
	for _, statement := range statements {
		if err := s.exec(statement); err != nil {
			s.t.Fatalf("%s: %v", statement, err)
		}
	}
}

// exec runs a statement without the store. SQLite does not enforce foreign keys on such a connection.
func (s manualService) exec(statement string) error {
	s.t.Helper()
	driver, source := "pgx", s.cfg.Database.URL
	if path, ok := strings.CutPrefix(source, "sqlite://"); ok {
		driver, source = "sqlite", path
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(s.t.Context(), statement)
	return err
}
