package e2e_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/services/bitcraps"
)

// run runs the operator's command line and returns what it prints.
func run(args ...string) (string, error) {
	var out bytes.Buffer
	cmd := bitcraps.Command()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.Execute()
	return out.String(), err
}

// TestReplayAndAuditCommands runs the commands on the data of a running platform.
func TestReplayAndAuditCommands(t *testing.T) {
	tg := oneProcess(t)
	c := newClient(t, tg.url())
	game := c.newGame()
	for range 5 {
		c.bet(game, "pass_line", 10)
		c.bet(game, "no_4", 40)
		c.must(200, "POST", game+"/roll", nil)
	}
	id := game[strings.LastIndex(game, "/")+1:]
	for name, tc := range map[string]struct {
		args []string
		ok   bool
		says string
	}{
		"replay":                      {[]string{"replay", "--game", id, "--data-dir", tg.dir}, true, "rounds replayed: 5; "},
		"replay as JSON":              {[]string{"replay", "--game", id, "--data-dir", tg.dir, "--json"}, true, `"round":5`},
		"replay of no game":           {[]string{"replay", "--game", "00000000-0000-7000-8000-000000000000", "--data-dir", tg.dir}, false, ""},
		"replay of no id":             {[]string{"replay", "--game", "five", "--data-dir", tg.dir}, false, ""},
		"replay without an id":        {[]string{"replay", "--data-dir", tg.dir}, false, ""},
		"audit":                       {[]string{"audit", "--data-dir", tg.dir}, true, "every balance follows from the transfers"},
		"audit as JSON":               {[]string{"audit", "--data-dir", tg.dir, "--json"}, true, `{"balanced":true,`},
		"audit where nothing is":      {[]string{"audit", "--data-dir", t.TempDir()}, false, ""},
		"table without a script":      {[]string{"table"}, false, ""},
		"table with a missing script": {[]string{"table", "--script", "/nowhere"}, false, ""},
	} {
		if out, err := run(tc.args...); (err == nil) != tc.ok || !strings.Contains(out, tc.says) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
