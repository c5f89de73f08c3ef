package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// compile builds main packages of the project into a folder.
func compile(t *testing.T, packages ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, pkg := range packages {
		out, err := exec.CommandContext(t.Context(), "go", "build", "-o", dir+"/", "github.com/bitcraps/bitcraps/"+pkg).CombinedOutput()
		if err != nil {
			t.Fatalf("build %s: %v\n%s", pkg, err, out)
		}
	}
	return dir
}

// freePort is one that nobody listens on, below those that outgoing connections take.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 10_000 + rand.IntN(10_000)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = listener.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// TestServicesInProcessesOfTheirOwn runs the same constructors as one process does, behind one binary for each service,
// over TCP.
func TestServicesInProcessesOfTheirOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds five binaries")
	}
	bin := compile(t, "services/bitcraps/cmd/bitcraps", "services/consensus/cmd/consensus", "services/game/cmd/game", "services/api/cmd/api", "gateway/cmd/gateway")
	dir := t.TempDir()
	run := func(name string, set ...string) *exec.Cmd {
		t.Helper()
		var args []string
		for _, pair := range append(set, "telemetry.log_level=error", "admin.listen=") {
			args = append(args, "--set", pair)
		}
		return exec.Command(filepath.Join(bin, name), args...)
	}
	address := func() string { return fmt.Sprintf("127.0.0.1:%d", freePort(t)) }

	out, err := exec.Command(filepath.Join(bin, "bitcraps"), "chain", "init", "--dir", filepath.Join(dir, "chain")).CombinedOutput()
	ids := regexp.MustCompile(`peer id ([0-9a-f]{40})`).FindAllStringSubmatch(string(out), -1)
	if err != nil || len(ids) != 4 {
		t.Fatalf("chain init: %v\n%s", err, out)
	}
	databases := []string{"--set", "game.database.url=sqlite://" + filepath.Join(dir, "game.db"), "--set", "api.database.url=sqlite://" + filepath.Join(dir, "api.db")}
	game := run("game", "database.url=sqlite://"+filepath.Join(dir, "game.db"), "rpc.listen="+address())
	if out, err := game.CombinedOutput(); err == nil || !strings.Contains(string(out), "schema version") {
		t.Errorf("game starts on a database without a schema: %v\n%s", err, out)
	}
	if out, err := exec.Command(filepath.Join(bin, "bitcraps"), append([]string{"migrate"}, databases...)...).CombinedOutput(); err != nil {
		t.Fatalf("migrate: %v\n%s", err, out)
	}

	var processes []*exec.Cmd
	var validators, peers []string
	for i, id := range ids {
		validators = append(validators, address())
		listen := address()
		processes = append(processes, run("consensus", "rpc.listen="+validators[i], "chain.listen="+listen,
			"chain.home="+filepath.Join(dir, "chain", fmt.Sprintf("validator-%d", i)), "chain.peers="+strings.Join(peers, ",")))
		peers = append(peers, id[1]+"@"+listen)
	}
	apiAddress, gameAddress, port := address(), address(), freePort(t)
	processes = append(processes,
		run("game", "rpc.listen="+gameAddress, "upstream.consensus.addresses="+strings.Join(validators, ","), "database.url=sqlite://"+filepath.Join(dir, "game.db")),
		run("api", "rpc.listen="+apiAddress, "upstream.game.addresses="+gameAddress, "database.url=sqlite://"+filepath.Join(dir, "api.db")),
		run("gateway", fmt.Sprintf("network.listen_port=%d", port), "upstream.api.addresses="+apiAddress, "upstream.game.addresses="+gameAddress,
			"upstream.consensus.addresses="+strings.Join(validators, ",")),
	)
	for _, process := range processes {
		process.Stderr = os.Stderr
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = process.Process.Kill(); _ = process.Wait() })
	}

	c := newClient(t, fmt.Sprintf("http://127.0.0.1:%d", port))
	eventually(t, "readiness", func() bool {
		ready := c.try("GET", "/ready", nil)
		return ready != nil && ready.str("status") == "ok"
	})
	table := c.newGame()
	c.must(201, "POST", table+"/bets", map[string]any{"bet_type": "pass_line", "amount": 10})
	if rolled := c.must(200, "POST", table+"/roll", nil); rolled.num("beacon_height") == 0 {
		t.Errorf("rolled %s", rolled.text)
	}
	for i := len(processes) - 1; i >= 0; i-- {
		if err := processes[i].Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := processes[i].Wait(); err != nil {
			t.Errorf("%s: %v", filepath.Base(processes[i].Path), err)
		}
	}
}
