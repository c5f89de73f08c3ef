package e2e_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
)

// TestOneProcessOnRealStores plays in one process on an empty PostgreSQL database and an empty Redis, kills it, and continues on the same
// stores in the next one.
func TestOneProcessOnRealStores(t *testing.T) {
	database := testserver.Database(t, "empty", nil)
	shared := testserver.Redis(t)
	program, dir := binaryPath(t, "bitcraps"), filepath.Join(t.TempDir(), "data")
	start := func() *process {
		return startProcess(t, program, dir, "--database-url", database, "--redis-url", shared,
			"--set", "gateway.limits.rates.create.per_minute=1", // Redis keeps this counter for a minute.
			"--set", "redis.timeout=10s") // However busy the machine is.
	}

	p := start()
	c := newClient(t, p.url)
	game := c.newGame()
	round := func() {
		c.do("POST", game+"/bets", map[string]any{"bet_type": "pass_line", "amount": 10}) // Refused while a point is set, when the earlier bet is still live.
		c.must(200, "POST", game+"/roll", nil)
	}
	for range 5 {
		round()
	}
	checkRedis(t, shared)
	c.must(201, "POST", game+"/bets", map[string]any{"bet_type": "field", "amount": 10}) // A live bet when the process is killed.
	id := game[strings.LastIndex(game, "/")+1:]
	checkPostgres(t, database, dir, id)
	balance, bets := c.balance(), c.must(200, "GET", game+"/bets?page_size=100", nil).text
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()

	p = start()
	keepSession(c, p.url)
	if after := c.balance(); after != balance {
		t.Errorf("the balance went from %v to %v", balance, after)
	}
	if after := c.must(200, "GET", game+"/bets?page_size=100", nil).text; after != bets {
		t.Errorf("the bets were %s and are %s", bets, after)
	}
	round()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("stopped by SIGTERM: %v", err)
	}
	for _, args := range [][]string{{"audit"}, {"replay", "--game", id}} {
		if out, err := exec.CommandContext(t.Context(), program, append(args, "--database-url", database)...).CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}

// checkRedis checks that Redis has the stream of events and the counters of limits.
func checkRedis(t *testing.T, url string) {
	t.Helper()
	client, err := redis.Open(t.Context(), redis.Config{URL: url, Timeout: 10 * time.Second}, clockwork.NewRealClock(), telemetry.Discard().For("test", 0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	for _, pattern := range []string{"bitcraps:events:v1:game", "bitcraps:limit:*"} {
		testserver.Eventually(t, pattern+" in Redis", func() bool { // Events are sent after the call is answered.
			keys, err := client.Keys(t.Context(), pattern).Result()
			return err == nil && len(keys) > 0
		})
	}
}

// checkPostgres checks that the game is in PostgreSQL, and that the data directory has no SQLite files.
func checkPostgres(t *testing.T, database, dir, game string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var bets int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM game.bets JOIN game.games ON games.id = bets.game_id WHERE games.id = $1", game).Scan(&bets); err != nil || bets < 2 {
		t.Errorf("PostgreSQL has %d bets of the game: %v", bets, err)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*.db")); err != nil || len(files) > 0 {
		t.Errorf("there are SQLite files %v, %v", files, err)
	}
}
