package e2e_test

import (
	"encoding/json"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/libs/token"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// opsData is the data that the page loads.
type opsData struct {
	Samples    []map[string]float64
	Rounds     []map[string]any
	Services   []map[string]string
	Validators []struct {
		Running           bool
		Height, Connected int
	}
}

func (c *client) opsData(query string) (data opsData) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(c.must(200, "GET", "/ops/data"+query, nil).text), &data); err != nil {
		c.t.Fatal(err)
	}
	return data
}

// playUntil bets and rolls until a condition holds.
func playUntil(t *testing.T, tg *target, what string, condition func() bool) {
	t.Helper()
	c := newClient(t, tg.url())
	game := c.newGame()
	testserver.Eventually(t, what, func() bool {
		c.bet(game, "pass_line", 10) // Refused while a point is set, when the earlier bet is still live.
		c.must(200, "POST", game+"/roll", nil)
		return condition()
	})
}

func TestOperationsPageData(t *testing.T) {
	tg := oneProcess(t)
	c := newClient(t, tg.url())
	playUntil(t, tg, "a sample of play", func() bool {
		data := c.opsData("")
		return len(data.Rounds) > 0 && slices.ContainsFunc(data.Samples, func(s map[string]float64) bool {
			return s["bets"] > 0 && s["rolls"] > 0 && s["requests"] > 0 && s["p95"] > 0 && s["consensus_p50"] > 0 && s["memory"] > 0
		})
	})
	data := c.opsData("")
	if len(data.Services) != 4 || len(data.Validators) != 4 {
		t.Fatalf("%+v", data)
	}
	for _, v := range data.Validators {
		if !v.Running || v.Height == 0 || v.Connected != 4 {
			t.Errorf("%+v", v)
		}
	}
	if newest := c.opsData("?after=99999999999999"); len(newest.Samples) != 0 {
		t.Errorf("samples of the future: %v", newest.Samples)
	}
}

func TestOperationsDataAccess(t *testing.T) {
	tg := oneProcess(t)
	sign := signer(t, tg)
	for who, want := range map[optionsv1.Role]int{optionsv1.Role_ROLE_UNSPECIFIED: 401, optionsv1.Role_ROLE_PLAYER: 403,
		optionsv1.Role_ROLE_OPERATOR: 200, optionsv1.Role_ROLE_AUDITOR: 200} {
		access := ""
		if who != optionsv1.Role_ROLE_UNSPECIFIED {
			access = sign(token.Bearer{Player: uuid.Must(uuid.NewV7()), Session: uuid.Must(uuid.NewV7()), Role: who})
		}
		c := app(t, tg.url(), access)
		if resp := c.do("GET", "/ops/data", nil, "X-Forwarded-For", "192.0.2.7"); resp.status != want {
			t.Errorf("%s from elsewhere: %d %s", who, resp.status, resp.text)
		}
	}
}

var drawn = regexp.MustCompile(`<polyline[^>]* points="([^"]+)"`)

// TestChartsDraw opens the page in a headless browser after some play.
func TestChartsDraw(t *testing.T) {
	tg := oneProcess(t)
	c := newClient(t, tg.url())
	playUntil(t, tg, "two samples of play", func() bool {
		measured := 0
		for _, s := range c.opsData("").Samples {
			if s["p50"] > 0 && s["consensus_p50"] > 0 {
				measured++
			}
		}
		return measured > 1
	})
	browser := exec.Command(testserver.Program(t, "chromium", "chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
		"--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", tg.url()+"/ops/")
	var messages strings.Builder
	browser.Stderr = &messages
	page, err := browser.Output()
	if err != nil {
		t.Fatalf("chromium: %v\n%s", err, messages.String())
	}
	for line := range strings.Lines(messages.String()) {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("the browser logs %s", line)
		}
	}
	lines := 0
	for _, match := range drawn.FindAllSubmatch(page, -1) {
		if strings.Count(string(match[1]), ",") > 1 {
			lines++
		}
	}
	if lines != 14 {
		t.Errorf("the charts have %d lines", lines)
	}
	for _, want := range []string{"validator-3", `id="status" class="pill ok"`, "<dd>", `class="dice"`} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
