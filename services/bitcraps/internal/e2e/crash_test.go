package e2e_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	neturl "net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// process is a platform in a process of its own.
type process struct {
	cmd *exec.Cmd
	url string
}

func startProcess(t *testing.T, program, dir string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program, append([]string{"up", "--http-addr", "127.0.0.1:0", "--data-dir", dir, "--set", "telemetry.log_level=error"}, args...)...)}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	p.cmd.Stderr = &stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ok {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		t.Fatalf("it printed %q, %v\n%s", line, err, stderr.String())
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	p.url = url
	return p
}

// gambler plays continuously and remembers every acknowledged bet.
type gambler struct {
	*client
	game string

	mu           sync.Mutex
	acknowledged map[string]bool
	rolls        int
}

// play plays until the platform no longer answers.
func (g *gambler) play() {
	for {
		for _, wager := range []string{"pass_line", "field", "hard_6"} {
			resp := g.try("POST", g.game+"/bets", map[string]any{"bet_type": wager, "amount": 1})
			if resp == nil {
				return
			}
			if resp.status == 201 {
				g.mu.Lock()
				g.acknowledged[resp.str("bet.bet_id")] = true
				g.mu.Unlock()
			}
		}
		resp := g.try("POST", g.game+"/roll", nil)
		if resp == nil {
			return
		}
		if resp.status == 200 {
			g.mu.Lock()
			g.rolls++
			g.mu.Unlock()
		}
	}
}

// rollsOf returns how many rolls were acknowledged to all of them.
func rollsOf(gamblers []*gambler) (n int) {
	for _, g := range gamblers {
		g.mu.Lock()
		n += g.rolls
		g.mu.Unlock()
	}
	return n
}

// TestKilledAtAnyMoment kills the platform ten times in a row, with bets and rolls in flight.
func TestKilledAtAnyMoment(t *testing.T) {
	program, dir := binaryPath(t, "bitcraps"), filepath.Join(t.TempDir(), "data")
	kills := 10
	if testing.Short() {
		kills = 3
	}
	var gamblers []*gambler
	for n := range kills {
		p := startProcess(t, program, dir)
		if n == 0 {
			for range 3 {
				g := &gambler{client: newClient(t, p.url), acknowledged: map[string]bool{}}
				g.game = "/api/v1/games/" + g.must(201, "POST", "/api/v1/games", nil).str("game_id")
				gamblers = append(gamblers, g)
			}
		}
		var playing sync.WaitGroup
		before := rollsOf(gamblers)
		for _, g := range gamblers {
			keepSession(g.client, p.url)
			playing.Go(g.play)
		}
		time.Sleep(time.Duration(rand.IntN(700)) * time.Millisecond) // At a random moment.
		testserver.Eventually(t, "a roll before the kill", func() bool { return rollsOf(gamblers) > before })
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		playing.Wait()
		_ = p.cmd.Wait()
	}

	p := startProcess(t, program, dir)
	bets := 0
	for _, g := range gamblers {
		keepSession(g.client, p.url)
		testserver.Eventually(t, "settlement of what was in flight", func() bool { return g.must(200, "GET", g.game, nil).str("rolling") == "false" })
		stored := g.allBets()
		for id := range g.acknowledged {
			if !stored[id] {
				t.Errorf("acknowledged bet %s is gone", id)
			}
		}
		bets += len(g.acknowledged)
	}
	t.Logf("%d bets and %d rolls were acknowledged", bets, rollsOf(gamblers))
	if bets < kills {
		t.Errorf("%d bets were acknowledged, which is too few for this test to mean anything", bets)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("stopped by SIGTERM: %v", err)
	}
	ledger := "sqlite://" + filepath.Join(dir, "game.db")
	if err := auditLedger(ledger); err != nil {
		t.Error(err)
	}
	auditDatabase(t, ledger)
}

// keepSession moves a client with its cookies to the address that the platform has after a restart.
func keepSession(c *client, url string) {
	from, err := neturl.Parse(c.base)
	if err != nil {
		c.t.Fatal(err)
	}
	to, err := neturl.Parse(url)
	if err != nil {
		c.t.Fatal(err)
	}
	c.http.Jar.SetCookies(to, c.http.Jar.Cookies(from))
	c.base = url
}

// allBets returns the ids of all of the gambler's bets that the platform has.
func (g *gambler) allBets() map[string]bool {
	g.t.Helper()
	ids := map[string]bool{}
	for token := ""; ; {
		page := g.must(200, "GET", g.game+"/bets?page_size=100&page_token="+token, nil)
		for _, bet := range page.list("bets") {
			ids[fmt.Sprint(bet["bet_id"])] = true
		}
		if token = page.str("next_page_token"); token == "" {
			return ids
		}
	}
}

// TestOneProcessPerDataDirectory starts a second platform on the data directory of a running one.
func TestOneProcessPerDataDirectory(t *testing.T) {
	tg := oneProcess(t)
	if second, err := launch(tg.dir); err == nil {
		_ = second.stop()
		t.Error("two processes run on one data directory")
	} else if !strings.Contains(err.Error(), "another process") {
		t.Errorf("it says %v", err)
	}
}
