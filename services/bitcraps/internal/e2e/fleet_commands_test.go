package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/localca"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
)

// fleetCLI runs the operator's commands on a fleet.
type fleetCLI struct {
	t   *testing.T
	dir string
}

func (c fleetCLI) run(args ...string) (out, messages string, err error) {
	c.t.Helper()
	cmd := exec.Command(binaryPath(c.t, "bitcraps"), append(append([]string{"fleet"}, args...), "--dir", c.dir, "--json")...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// up runs `fleet up`, and returns the names of the started processes and the state of every process.
func (c fleetCLI) up(args ...string) (started []string, states map[string]fleet.State) {
	c.t.Helper()
	out, messages, err := c.run(append([]string{"up", "--port", "0", "--database", *engine}, args...)...)
	if err != nil {
		c.t.Fatalf("fleet up: %v\n%s", err, messages)
	}
	for line := range strings.Lines(messages) {
		if names, ok := strings.CutPrefix(strings.TrimSpace(line), "started "); ok {
			started = strings.Split(names, ", ")
		}
	}
	var report struct{ Processes []fleet.State }
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		c.t.Fatal(err)
	}
	states = map[string]fleet.State{}
	for _, state := range report.Processes {
		states[state.Name] = state
	}
	return started, states
}

// TestFleetCommands starts a fleet, kills a process of every service with bets on the table, has `fleet up` restart them, and stops the
// fleet.
func TestFleetCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds five binaries")
	}
	c := fleetCLI{t, fleetDir(t)}
	t.Cleanup(func() { _, _, _ = c.run("down") })
	started, before := c.up()
	want := 8 // Two gateways, api, game and four validators.
	if *engine == fleet.PostgreSQL {
		want += 3 // The second game, PostgreSQL and Redis.
	}
	if len(started) != want || len(before) != want {
		t.Fatalf("started %v", started)
	}
	if again, _ := c.up(); len(again) != 0 {
		t.Errorf("a second up started %v", again)
	}
	if _, messages, err := c.run("up", "--port", "0", "--database", *engine, "--set", "auth.allow_guest=false"); err == nil || !strings.Contains(messages, "other options") {
		t.Errorf("up with other options: %v\n%s", err, messages)
	}
	player := newClient(t, before["gateway-0"].Address)
	game := player.newGame()
	bet := player.bet(game, "pass_line", 10)

	victims := []string{"consensus-2", "game-0", "api-0", "gateway-1"}
	for _, name := range victims {
		if err := syscall.Kill(before[name].PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	testserver.Eventually(t, "the victims' end", func() bool {
		out, _, err := c.run("status")
		return err == nil && strings.Count(out, `"`+fleet.Stopped+`"`) == len(victims)
	})
	if out, err := run("profile", "--heap", "--dir", c.dir, "--out", t.TempDir()); err != nil || !strings.Contains(out, "gateway-0 heap: ") ||
		!strings.Contains(out, "game-0 is stopped") {
		t.Errorf("profile of what is left: %v\n%s", err, out)
	}
	started, after := c.up()
	if strings.Join(started, " ") != strings.Join(victims, " ") {
		t.Errorf("up started %v, want %v", started, victims)
	}
	for name, state := range after {
		if state.State != fleet.Ready || state.Address != before[name].Address {
			t.Errorf("%s was %+v and is %+v", name, before[name], state)
		}
	}
	other := newClient(t, after["gateway-1"].Address) // Every gateway reaches the same game.
	keepSession(player, other.base)
	if bets := player.must(200, "GET", game+"/bets", nil).list("bets"); len(bets) != 1 || bets[0]["bet_id"] != bet.str("bet.bet_id") {
		t.Errorf("bets %v, placed %s", bets, bet.text)
	}
	testserver.Eventually(t, "a roll", func() bool { return player.do("POST", game+"/roll", nil).status == 200 })
	c.checkChainCommands(game)
	c.checkRemoveValidator()
	databases, err := fleetDatabases(c.dir)
	if err := errors.Join(err, auditLedger(databases[identity.Game])); err != nil {
		t.Error(err)
	}
	auditDatabase(t, databases[identity.Game])

	if out, messages, err := c.run("down"); err != nil || strings.Count(out, ",") != want-1 {
		t.Errorf("down: %v %s %s", err, out, messages)
	}
	for name, state := range after {
		if conn, err := net.Dial("tcp", strings.TrimPrefix(state.Address, "http://")); err == nil {
			_ = conn.Close()
			t.Errorf("%s answers after the fleet was stopped", name)
		}
	}
	if out, _, err := c.run("down"); err != nil || strings.TrimSpace(out) != `{"stopped":[]}` {
		t.Errorf("down again: %v %s", err, out)
	}
	if out, err := run("chain", "status", "--dir", c.dir); err == nil || strings.Count(out, "does not answer") != 4 {
		t.Errorf("chain status of a stopped fleet: %v\n%s", err, out)
	}
}

// checkChainCommands checks that `chain status` shows all validators and `chain export` the one roll.
func (c fleetCLI) checkChainCommands(game string) {
	c.t.Helper()
	if out, err := run("chain", "status", "--dir", c.dir); err != nil || strings.Count(out, " ok") != 4 || !strings.Contains(out, "a quorum is 3") {
		c.t.Errorf("chain status: %v\n%s", err, out)
	}
	out, err := run("chain", "export", "--dir", c.dir)
	var line struct {
		Game  string `json:"game_id"`
		Round int
		Dice  []int
	}
	if err == nil {
		err = json.Unmarshal([]byte(out), &line)
	}
	if err != nil || !strings.HasSuffix(game, line.Game) || line.Round != 1 || len(line.Dice) != 2 {
		c.t.Errorf("chain export: %v\n%s", err, out)
	}
}

// checkRemoveValidator removes one of four validators from the chain with the operator's command.
func (c fleetCLI) checkRemoveValidator() {
	c.t.Helper()
	if out, err := run("chain", "remove-validator", "validator-3", "--dir", c.dir); err != nil {
		c.t.Errorf("chain remove-validator: %v\n%s", err, out)
	}
	testserver.Eventually(c.t, "three validators", func() bool {
		out, err := run("chain", "status", "--dir", c.dir)
		return err == nil && strings.Contains(out, "n = 3") && strings.Contains(out, "epoch 2\n")
	})
	if out, err := run("chain", "remove-validator", "validator-3", "--dir", c.dir); err == nil {
		c.t.Errorf("a validator was removed twice:\n%s", out)
	}
}

// TestServicesAuthenticateCallers calls game with the certificates of different services, and with none.
func TestServicesAuthenticateCallers(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds five binaries")
	}
	tg, err := targets[1].start()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := localca.Open(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	forged, err := stranger.Issue(identity.Gateway, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	in := func(service string) mtls.Config { return localca.Files(filepath.Join(tg.dir, "tls"), service) }
	trusting := forged
	trusting.CAFile = in(identity.Gateway).CAFile
	for name, tc := range map[string]struct {
		tls  mtls.Config
		want codes.Code
	}{
		"the gateway":                        {in(identity.Gateway), codes.OK},
		"a validator, not allowed":           {in(identity.Consensus), codes.PermissionDenied},
		"plain text":                         {mtls.Config{}, codes.Unavailable},
		"a certificate of another authority": {trusting, codes.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			// Every caller claims in its metadata to be the gateway; only the certificate counts.
			conn, err := rpcclient.New(identity.Gateway, rpcclient.Target{Service: identity.Game, Contracts: []string{"bitcraps.game.v1.GameService"}},
				rpcclient.Config{Addresses: []string{tg.states["game-0"].Address}, Timeout: 10 * time.Second}, tc.tls, nil, telemetry.Discard().For("test", 0))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if _, err := gamev1.NewGameServiceClient(conn).ListGames(t.Context(), &gamev1.ListGamesRequest{PageSize: 1}); status.Code(err) != tc.want {
				t.Errorf("ListGames: %v, want %s", err, tc.want)
			}
		})
	}
}

// TestServicesRefuseUnknownSchema starts a service on a database that was not migrated.
func TestServicesRefuseUnknownSchema(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds five binaries")
	}
	out, err := exec.Command(binaryPath(t, "game"), "--set", "database.url=sqlite://"+filepath.Join(t.TempDir(), "game.db"), "--set", "rpc.listen=127.0.0.1:0",
		"--set", "admin.listen=").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "schema version") {
		t.Errorf("game starts on a database without a schema: %v\n%s", err, out)
	}
}
