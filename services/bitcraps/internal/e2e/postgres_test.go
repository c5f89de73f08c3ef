package e2e_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/bitcraps"
)

// TestOnePostgresForAllServices plays on an empty PostgreSQL database, and goes on there in the next process.
func TestOnePostgresForAllServices(t *testing.T) {
	database := testserver.Database(t, "empty", func(context.Context, string) error { return nil })
	dir := t.TempDir()
	start := func() *target {
		t.Helper()
		tg, err := launchOn(database, dir)
		if err != nil {
			t.Fatal(err)
		}
		return tg
	}
	stop := func(tg *target) {
		t.Helper()
		if err := tg.stop(); err != nil {
			t.Fatal(err)
		}
	}
	tg := start()
	c := newClient(t, tg.url())
	game := c.newGame()
	for range 5 {
		c.do("POST", game+"/bets", map[string]any{"bet_type": "pass_line", "amount": 10}) // It lies there already while a point is set.
		c.must(200, "POST", game+"/roll", nil)
	}
	balance := c.balance()
	stop(tg)

	tg = start()
	keepSession(c, tg.url())
	if after := c.balance(); after != balance {
		t.Errorf("the balance went from %v to %v", balance, after)
	}
	stop(tg)

	id := game[strings.LastIndex(game, "/")+1:]
	for _, args := range [][]string{{"audit"}, {"replay", "--game", id}} {
		cmd, out := bitcraps.Command(), &bytes.Buffer{}
		cmd.SetArgs(append(args, "--database-url", database))
		cmd.SetOut(out)
		if err := cmd.ExecuteContext(t.Context()); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}
