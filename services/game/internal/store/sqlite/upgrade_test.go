package sqlite_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/migrate"
	file "github.com/bitcraps/bitcraps/libs/sqlite"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite"
)

// earlierData is a table from before wallets had in_play and last_transfer: one live bet, and one that pushed.
const earlierData = `INSERT INTO games (id, status, max_players, min_bet, max_bet, hand, round, point, rolls, rolling, shooter_id, sequence, turn_due_at,
                   created_at, updated_at, exposure)
VALUES ('00000000-0000-4000-8000-000000000001', 1, 8, 1, 100, 1, 2, 0, 0, 0, '00000000-0000-4000-8000-00000000000a', 1, 0, 1, 1, 10);
INSERT INTO accounts (id, balance) VALUES ('issuance', -2010), ('house', 0), ('player:00000000-0000-4000-8000-00000000000a', 989),
	('player:00000000-0000-4000-8000-00000000000b', 1000), ('escrow:00000000-0000-4000-8000-000000000001', 11),
	('reserve:00000000-0000-4000-8000-000000000001', 10);
INSERT INTO bets (id, game_id, player_id, wager, number, working, amount, seed, status, placed_round, decided_round, payout, placed_at,
                  commission)
VALUES ('00000000-0000-4000-8000-0000000000b1', '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-00000000000a',
        1, 0, 1, 10, '', 2, 1, 1, 10, 1, 0),
       ('00000000-0000-4000-8000-0000000000b2', '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-00000000000a',
        1, 0, 1, 10, '', 1, 2, 0, 0, 1, 1);
INSERT INTO transfers (id, from_account, to_account, amount, from_balance, to_balance, reason, game_id, round, bet_id, at)
SELECT column1, column2, column3, column4, column5, column6, column7, '00000000-0000-0000-0000-000000000000', 0,
	'00000000-0000-0000-0000-000000000000', 1
FROM (VALUES
	(1, 'issuance', 'player:00000000-0000-4000-8000-00000000000a', 1000, -1000, 1000, 'grant'),
	(2, 'player:00000000-0000-4000-8000-00000000000a', 'escrow:00000000-0000-4000-8000-000000000001', 10, 990, 10, 'stake'),
	(3, 'issuance', 'player:00000000-0000-4000-8000-00000000000b', 1000, -2000, 1000, 'grant'),
	(4, 'escrow:00000000-0000-4000-8000-000000000001', 'player:00000000-0000-4000-8000-00000000000a', 10, 0, 1000, 'stake_back'),
	(5, 'player:00000000-0000-4000-8000-00000000000a', 'escrow:00000000-0000-4000-8000-000000000001', 11, 989, 11, 'stake'),
	(6, 'issuance', 'house', 10, -2010, 10, 'bankroll'),
	(7, 'house', 'reserve:00000000-0000-4000-8000-000000000001', 10, 0, 10, 'set_aside'));`

func TestUpgradeWallets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "game.db")
	upgrade(t, path)
	store, err := sqlite.Open(t.Context(), path, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	alice := uuid.MustParse("00000000-0000-4000-8000-00000000000a")
	if inPlay, err := store.InPlay(t.Context(), alice); err != nil || inPlay != 11 {
		t.Errorf("in play: %d, %v; want 11", inPlay, err)
	}
	var ids []int64
	entries, err := store.Entries(t.Context(), alice, 0, 10)
	for _, entry := range entries {
		ids = append(ids, entry.ID)
	}
	if err != nil || !slices.Equal(ids, []int64{5, 4, 2, 1}) {
		t.Errorf("entries: %v, %v", ids, err)
	}
	if audit, err := store.Audit(t.Context()); err != nil || !audit.Balanced() {
		t.Errorf("audit: %+v, %v", audit, err)
	}
}

// upgrade creates a file with the schema before migration 007 and data of it, and migrates it to this release.
func upgrade(t *testing.T, path string) {
	t.Helper()
	old := fstest.MapFS{}
	names, err := filepath.Glob("migrations/00[1-6]_*.sql")
	if err != nil || len(names) != 6 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		old[filepath.Base(name)] = &fstest.MapFile{Data: data}
	}
	db, err := file.Open(t.Context(), path, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, _, err := migrate.SQLite(old, ".").Up(t.Context(), db.Writer); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Writer.ExecContext(t.Context(), earlierData); err != nil {
		t.Fatal(err)
	}
	if _, _, err := sqlite.Migrate(t.Context(), path); err != nil {
		t.Fatal(err)
	}
}
