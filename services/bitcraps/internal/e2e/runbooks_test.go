package e2e_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// runbookCommand matches a command that a runbook tells the person on call to run: a line of its own, or one in the text that reads the
// fleet's configuration.
var runbookCommand = regexp.MustCompile("(?m)^\\./bin/bitcraps (.*)$|`bitcraps ([^`]* --config-dir [^`]*)`")

// runbookCommands returns the arguments of each command in the runbooks, with a page that has it.
func runbookCommands(t *testing.T) map[string]string {
	t.Helper()
	pages, err := filepath.Glob("../../../../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := map[string]string{}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range runbookCommand.FindAllStringSubmatch(string(text), -1) {
			commands[match[1]+match[2]] = filepath.Base(page)
		}
	}
	return commands
}

// TestRunbookCommands runs every command of the runbooks, as it is written there, on a healthy fleet in which a game was played.
func TestRunbookCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds five binaries")
	}
	checkout := filepath.Dir(fleetDir(t))
	c := fleetCLI{t, filepath.Join(checkout, "data-fleet")}
	t.Cleanup(func() { _, _, _ = c.run("down") })
	_, states := c.up()
	player := newClient(t, states["gateway-0"].Address)
	game := player.newGame()
	player.bet(game, "pass_line", 10)
	player.must(200, "POST", game+"/roll", nil)

	commands := runbookCommands(t)
	for _, kind := range []string{"audit", "replay", "chain status", "fleet status", "fleet up"} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(commands)), func(args string) bool { return strings.HasPrefix(args, kind) }) {
			t.Errorf("no runbook has the command %s", kind)
		}
	}
	for args, page := range commands {
		args = strings.Replace(args, "--game ID", "--game "+game[strings.LastIndex(game, "/")+1:], 1)
		cmd := exec.Command(binaryPath(t, "bitcraps"), strings.Fields(args)...)
		cmd.Dir = checkout
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: bitcraps %s: %v\n%s", page, args, err, out)
		}
	}
}

// TestRoleOnFleet finds a guest among a fleet's players, and so says that a guest can't get a role.
func TestRoleOnFleet(t *testing.T) {
	tg := fleetTarget(t)
	c := newClient(t, tg.url())
	c.newGame()
	out, err := run("role", c.must(200, "GET", "/api/v1/players/me", nil).str("player_id"), "operator", "--config-dir", filepath.Join(tg.dir, "config", "api-0"))
	if err == nil || !strings.Contains(err.Error(), "could not sign in again") {
		t.Errorf("the role of a guest: %v\n%s", err, out)
	}
}
