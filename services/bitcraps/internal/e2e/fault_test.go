package e2e_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// TestValidatorsFail stops one validator and then a second one, and starts them again.
func TestValidatorsFail(t *testing.T) {
	tg := ownTarget(t)
	c := newClient(t, tg.url())
	game := c.newGame()
	stop := func(i int) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := tg.platform.StopValidator(ctx, i); err != nil {
			t.Fatal(err)
		}
	}
	c.must(201, "POST", game+"/bets", map[string]any{"bet_type": "pass_line", "amount": 10})
	c.must(200, "POST", game+"/roll", nil)

	stop(3)
	for range 6 { // Enough rounds for each validator's turn to propose, including the stopped one's.
		if c.must(200, "GET", game, nil).str("phase") == "PHASE_COME_OUT" {
			c.bet(game, "pass_line", 10)
		}
		c.must(200, "POST", game+"/roll", nil)
	}

	stop(2)
	if c.must(200, "GET", game, nil).str("phase") == "PHASE_COME_OUT" {
		c.bet(game, "pass_line", 10)
	}
	round := c.must(200, "GET", game, nil).num("round")
	for range 2 { // The round stays closed, however often a roll is requested.
		resp := c.do("POST", game+"/roll", nil)
		if resp.status != 503 || resp.reason() != "NO_QUORUM" {
			t.Fatalf("roll without a quorum: %d %s", resp.status, resp.text)
		}
		if delay, err := strconv.Atoi(resp.header.Get("Retry-After")); err != nil || delay < 1 {
			t.Errorf("Retry-After: %q", resp.header.Get("Retry-After"))
		}
	}
	if resp := c.bet(game, "field", 10); resp.reason() != "BETTING_CLOSED" {
		t.Errorf("a bet while a roll is undecided: %d %s", resp.status, resp.text)
	}
	waiting := c.must(200, "GET", game+"/rounds/"+strconv.FormatInt(round, 10), nil)
	if waiting.str("status") != "ROUND_STATUS_COMMITTED" || len(c.must(200, "GET", game+"/bets", nil).list("bets")) == 0 {
		t.Errorf("waiting round %s", waiting.text)
	}
	if ready := c.must(200, "GET", "/ready", nil).str("status"); ready != "degraded" {
		t.Errorf("ready reports %s", ready)
	}

	for _, i := range []int{2, 3} {
		if err := tg.platform.StartValidator(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	var settled *response
	testserver.Eventually(t, "settlement of the waiting round", func() bool { // By the service itself, without another call.
		settled = c.must(200, "GET", game+"/rounds/"+strconv.FormatInt(round, 10), nil)
		return settled.str("status") == "ROUND_STATUS_SETTLED"
	})
	if settled.str("commitment") != waiting.str("commitment") {
		t.Errorf("the round was committed as %s and decided as %s", waiting.str("commitment"), settled.str("commitment"))
	}
	if game := c.must(200, "GET", game, nil); game.num("round") != round+1 || game.str("rolling") != "false" {
		t.Errorf("game %s", game.text)
	}
	testserver.Eventually(t, "readiness", func() bool { return c.must(200, "GET", "/ready", nil).str("status") == "ok" })
}

// TestLostHome removes the home of a validator while the platform is stopped: the others are a quorum.
func TestLostHome(t *testing.T) {
	dir := t.TempDir()
	tg, err := launch(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, tg.url())
	game := c.newGame()
	c.bet(game, "pass_line", 10)
	c.must(200, "POST", game+"/roll", nil)
	for _, lost := range []string{"validator-2", "validator-0"} {
		if err := tg.stop(); err != nil {
			t.Fatal(err)
		}
		home, kept := filepath.Join(dir, "consensus", lost), filepath.Join(dir, lost)
		if err := os.Rename(home, kept); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		if tg, err = launchLogged(&log, dir); err != nil {
			t.Fatalf("without %s: %v", lost, err)
		}
		if strings.Count(log.String(), "the home of a validator is missing") != 1 || !strings.Contains(log.String(), home) {
			t.Errorf("the log does not name %s:\n%s", home, log.String())
		}
		again := newClient(t, tg.url())
		game := again.newGame()
		again.bet(game, "pass_line", 10)
		again.must(200, "POST", game+"/roll", nil)
		if err := os.Rename(kept, home); err != nil {
			t.Fatal(err)
		}
	}
	if err := tg.stop(); err != nil {
		t.Fatal(err)
	}
}
