package game_test

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	_ "modernc.org/sqlite" // Registers the driver "sqlite", to tamper with the database directly.

	"github.com/bitcraps/bitcraps/libs/config"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game"
)

// playHistory plays a game with bets of many kinds and returns its id.
func (ts *testService) playHistory(rounds int) string {
	ts.t.Helper()
	alice, bob := ts.player(), ts.player()
	id := alice.create()
	if _, err := bob.games.JoinGame(bob.ctx, &gamev1.JoinGameRequest{GameId: id}); err != nil {
		ts.t.Fatal(err)
	}
	for range rounds {
		shooter := alice
		if alice.get(id).GetShooterId() == bob.id.String() {
			shooter = bob
		}
		for _, p := range []*player{alice, bob} {
			for wager, amount := range map[string]int64{"pass_line": 1, "come": 1, "yes_6": 20, "hard_8": 1, "bonus_all": 1, "fire": 1, "repeater_6": 1} {
				_, _ = p.games.PlaceBet(p.ctx, &gamev1.PlaceBetRequest{GameId: id, BetType: wager, Amount: amount, ClientSeed: wager}) // Some are refused.
			}
		}
		if _, err := shooter.games.RollDice(shooter.ctx, &gamev1.RollDiceRequest{GameId: id}); err != nil {
			ts.t.Fatal(err)
		}
	}
	alice.bet(id, "field", 1) // Ensures that at least one bet is live.
	return id
}

func (ts *testService) auditor() *game.Auditor {
	ts.t.Helper()
	auditor, err := game.OpenAuditor(ts.t.Context(), config.Database{URL: ts.url(), MaxConnections: 2})
	if err != nil {
		ts.t.Fatal(err)
	}
	ts.t.Cleanup(func() { _ = auditor.Close() })
	return auditor
}

// tamper changes rows of the SQLite file directly.
func (ts *testService) tamper(statement string, args ...any) {
	ts.t.Helper()
	db, err := sql.Open("sqlite", ts.path+"?_pragma=ignore_check_constraints(1)")
	if err != nil {
		ts.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	result, err := db.ExecContext(ts.t.Context(), statement, args...)
	if err != nil {
		ts.t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		ts.t.Fatalf("%s changed %d rows, %v", statement, n, err)
	}
}

func TestReplayWhileServiceRuns(t *testing.T) {
	ts := newTestService(t)
	id := uuid.MustParse(ts.playHistory(20))
	rounds := 0
	if err := ts.auditor().Replay(t.Context(), id, func(round *gamev1.Round) error {
		if rounds++; round.GetRound() != int64(rounds) {
			t.Errorf("round %d follows %d", round.GetRound(), rounds-1)
		}
		return nil
	}); err != nil || rounds != 20 {
		t.Errorf("%d rounds, %v", rounds, err)
	}
	if err := ts.auditor().Replay(t.Context(), uuid.New(), nil); !errors.Is(err, game.ErrGameNotFound) {
		t.Errorf("an unknown game: %v", err)
	}
}

func TestReplayDetectsTampering(t *testing.T) {
	for name, tc := range map[string]struct{ statement, what string }{
		"dice": {`UPDATE rounds SET first_die = first_die % 6 + 1 WHERE number = 3`, "the dice"},
		// In every round, since another beacon yields the same dice once in 36 times.
		"beacon":      {`UPDATE rounds SET beacon_signature = zeroblob(48) WHERE status = 2`, "the dice"},
		"call":        {`UPDATE rounds SET call = 'seven_out_of_luck' WHERE number = 3`, "the call"},
		"commitment":  {`UPDATE rounds SET commitment = (SELECT r.commitment FROM rounds AS r WHERE r.number = 2) WHERE number = 3`, "the commitment"},
		"state":       {`UPDATE rounds SET state = (SELECT r.state FROM rounds AS r WHERE r.number = 2) WHERE number = 3`, "the state before the roll"},
		"bets":        {`UPDATE rounds SET bets = x'' WHERE number = 3`, "the bets of the round"},
		"live bet":    {`UPDATE bets SET amount = amount + 1 WHERE status = 1`, "the bets on the table"},
		"point":       {`UPDATE games SET pairs = pairs + 1`, "the state of the table"},
		"log":         {`DELETE FROM events WHERE sequence = 9`, "the number of the event"},
		"end of log":  {`DELETE FROM events WHERE sequence > 40`, "the log"},
		"hand":        {`UPDATE games SET hand = hand + 1`, "the hand"},
		"what it won": {`UPDATE games SET exposure = exposure + 1`, "what the bets can win"},
	} {
		t.Run(name, func(t *testing.T) {
			ts := newTestService(t)
			id := uuid.MustParse(ts.playHistory(8))
			ts.tamper(tc.statement)
			err := ts.auditor().Replay(t.Context(), id, func(*gamev1.Round) error { return nil })
			var difference *game.Difference
			if !errors.As(err, &difference) || !strings.HasPrefix(difference.What, tc.what) {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestAuditDetectsTampering(t *testing.T) {
	for check, statement := range map[string]string{
		"sum_of_transfers": `UPDATE accounts SET balance = balance + 5 WHERE id = 'house'`,
		"running_balance":  `UPDATE transfers SET to_balance = to_balance + 1 WHERE id = 5`,
		"below_zero":       `UPDATE accounts SET balance = -1 WHERE id LIKE 'player:%'`,
		"bets_on_table":    `UPDATE bets SET amount = amount + 1 WHERE status = 1`,
		"exposure":         `UPDATE games SET exposure = 0`,
		"reserve_for_bets": `UPDATE games SET exposure = exposure + 1000000`,
		"in_play":          `UPDATE accounts SET in_play = in_play + 1 WHERE id LIKE 'player:%'`,
		"last_transfer":    `UPDATE accounts SET last_transfer = last_transfer - 1 WHERE last_transfer > 1`,
		"previous":         `UPDATE transfers SET from_previous = from_previous - 1 WHERE from_previous > 1`,
	} {
		t.Run(check, func(t *testing.T) {
			ts := newTestService(t)
			ts.playHistory(3)
			ts.tamper(statement)
			audit, err := ts.auditor().Audit(t.Context())
			if err != nil || audit.GetBalanced() {
				t.Fatalf("audit = %v, %v", audit, err)
			}
			for _, difference := range audit.GetDifferences() {
				if difference.GetCheck() == check {
					return
				}
			}
			t.Errorf("no %s among %v", check, audit.GetDifferences())
		})
	}
}
