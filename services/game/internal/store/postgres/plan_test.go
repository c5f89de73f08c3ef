package postgres_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres"
)

// playTables opens tables, bets at them, rolls at half of them, and runs the queries that players run.
func playTables(t *testing.T, store play.Store, tables int) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	keys, all := make([]play.Key, tables), make([]play.Key, tables)
	for i := range keys {
		player := newID()
		keys[i] = play.Key{Game: table(t, store, player), Player: player}
		all[i] = play.Key{Game: keys[i].Game, All: true}
	}
	rounds := make([]*play.Round, tables)
	group := func(keys []play.Key, command func(i int, turn *play.Turn) error) {
		t.Helper()
		must(store.Update(t.Context(), func(tx play.Tx) error {
			turns, err := tx.Load(t.Context(), keys...)
			if err != nil {
				return err
			}
			if _, err := tx.Requests(t.Context(), play.RequestKey{Player: newID(), ID: "k"}); err != nil {
				return err
			}
			for i, turn := range turns {
				if err := command(i, prepare(turn)); err != nil {
					return err
				}
			}
			return tx.Save(t.Context(), turns...)
		}))
	}
	for _, wager := range []string{"pass_line", "hard_8"} {
		partial := slices.Clone(keys) // Every other key loads only the bets on the wager.
		for i := range partial {
			if i%2 == 0 {
				partial[i].Wager = craps.ByName(wager)
			}
		}
		group(partial, func(i int, turn *play.Turn) error {
			_, err := turn.PlaceBet(play.NewBet{Player: keys[i].Player, Wager: wager, Amount: 10})
			return err
		})
	}
	half := all[:(tables+1)/2]
	group(half, func(i int, turn *play.Turn) error {
		err := turn.CloseBetting(keys[i].Player)
		rounds[i] = turn.Round()
		return err
	})
	group(half, func(i int, turn *play.Turn) error {
		return turn.Settle(rounds[i], play.Decision{Height: 1, BeaconHeight: 2, BeaconSignature: keys[i].Game[:]})
	})
	for _, key := range keys {
		_, err := store.Game(t.Context(), key.Game)
		must(err)
		_, err = store.Bets(t.Context(), key.Game, key.Player, 0, uuid.Nil, 10)
		must(err)
		_, err = store.LiveBets(t.Context(), key.Game)
		must(err)
		_, err = store.InPlay(t.Context(), key.Player)
		must(err)
		_, err = store.Entries(t.Context(), key.Player, 0, 10)
		must(err)
		_, err = store.Events(t.Context(), key.Game, 0, 10)
		must(err)
		readLobby(t, store, key)
	}
}

// readLobby runs the lobby's queries.
func readLobby(t *testing.T, store play.Store, key play.Key) {
	t.Helper()
	now := time.UnixMicro(1)
	_, members := store.Member(t.Context(), key.Game, key.Player)
	_, code := store.GameByCode(t.Context(), key.Game[:])
	_, scores := store.Scores(t.Context(), key.Player, play.ScoresAt(calendar.Day, now), play.ScoresAt(play.AllTime, now))
	_, rolls := store.Rolls(t.Context(), key.Game, 10)
	_, leaders := store.Leaders(t.Context(), play.ScoresAt(play.AllTime, now), play.Score{}, 1)
	_, seats := store.OpenGamesWithSeats(t.Context(), uuid.Nil, 1)
	_, protection := store.Protection(t.Context(), key.Player)
	for _, err := range []error{members, scores, rolls, leaders, seats, protection} {
		if err != nil {
			t.Error(err)
		}
	}
	if !errors.Is(code, play.ErrNotFound) {
		t.Errorf("an unknown code: %v", code)
	}
}

// TestReadsDoNotGrowWithTables makes plans while the planner knows that the tables are small, and counts the rows that they read while
// the tables grow. A plan that scans whole tables would read a hundred times as many.
func TestReadsDoNotGrowWithTables(t *testing.T) {
	url := testserver.Database(t, "game", postgres.Migrate)
	store, err := postgres.Open(t.Context(), url, 1)
	if err != nil {
		t.Fatal(err)
	}
	bankroll(t, store)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	playTables(t, store, 20)                                     // The server analyzes a table again after some fifty changed rows.
	if _, err := conn.Exec(t.Context(), "ANALYZE"); err != nil { // Invalidates earlier plans.
		t.Fatal(err)
	}
	const batches, tables = 200, 5
	for range batches {
		playTables(t, store, tables)
	}
	if err := store.Close(); err != nil { // The connection reports its statistics.
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), `SELECT relname, indexrelname, idx_tup_read FROM pg_stat_user_indexes ORDER BY idx_tup_read DESC`)
	if err != nil {
		t.Fatal(err)
	}
	const maxRowsPerTable = 25 // A dozen statements read rows of a table or its player, one or two each.
	var relation, index string
	var read int64
	if _, err := pgx.ForEachRow(rows, []any{&relation, &index, &read}, func() error {
		if read > batches*tables*maxRowsPerTable {
			t.Errorf("%s on %s gave %d rows for %d tables", index, relation, read, batches*tables)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var scanned int64
	if err := conn.QueryRow(t.Context(), `SELECT SUM(seq_tup_read) FROM pg_stat_user_tables WHERE relname <> 'goose_db_version'`).Scan(&scanned); err != nil || scanned > batches*tables*maxRowsPerTable {
		t.Errorf("%d rows were read by sequential scans, %v", scanned, err)
	}
}
