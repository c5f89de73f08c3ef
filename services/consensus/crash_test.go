package consensus_test

import (
	"bytes"
	"context"
	"flag"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/consensus"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// crashes is how often TestAChainSurvivesCrashes kills validators; a long run uses more.
var crashes = flag.Int("crashes", 6, "how many times validators are killed")

// processes are validators that run as separate processes, as in production.
type processes struct {
	t       *testing.T
	program string
	dir     string
	chain   []string // The address at which each listens for its peers.
	rpc     []string
	running []*process
	stderr  []bytes.Buffer
}

// process is the process of one validator. ended is closed when it has ended.
type process struct {
	*exec.Cmd
	ended chan struct{}
}

func newProcesses(t *testing.T, n int) *processes {
	t.Helper()
	p := &processes{t: t, program: filepath.Join(t.TempDir(), "consensus"), dir: t.TempDir(),
		chain: testserver.FreeAddresses(t, 2*n), running: make([]*process, n), stderr: make([]bytes.Buffer, n)}
	p.chain, p.rpc = p.chain[:n], p.chain[n:]
	if out, err := exec.Command("go", "build", "-o", p.program, "./cmd/consensus").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	if err := consensus.InitNetwork(p.dir, "bitcraps-crash", n, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := consensus.WritePeers(p.dir, n, func(i int) string { return p.chain[i] }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for i := range p.running {
			p.kill(i)
		}
	})
	return p
}

func (p *processes) start(i int) {
	p.t.Helper()
	p.startHome(i, consensus.Home(p.dir, i), "50ms")
}

func (p *processes) startHome(i int, home, listenFirst string) {
	p.t.Helper()
	cmd := exec.Command(p.program)
	for key, value := range map[string]string{"chain.home": home, "chain.listen": p.chain[i], "rpc.listen": p.rpc[i],
		"admin.listen": "", "telemetry.log_level": "warn", "chain.listen_first": listenFirst, "chain.retain_blocks": "60", "chain.snapshot_blocks": "20"} {
		cmd.Args = append(cmd.Args, "--set", key+"="+value)
	}
	p.stderr[i].Reset()
	cmd.Stderr = &p.stderr[i]
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	running := &process{cmd, make(chan struct{})}
	p.running[i] = running
	go func() { _ = running.Wait(); close(running.ended) }()
}

// kill kills the i-th process with SIGKILL.
func (p *processes) kill(i int) {
	if p.running[i] != nil {
		_ = p.running[i].Process.Kill()
		<-p.running[i].ended
		p.running[i] = nil
	}
}

// supervise restarts processes that ended by themselves, as an operator's supervisor does: an overtaken validator restores a snapshot
// at its next start.
func (p *processes) supervise() {
	p.t.Helper()
	for i, running := range p.running {
		select {
		case <-running.ended:
			if !strings.Contains(p.stderr[i].String(), chain.ErrOvertaken.Error()) {
				p.t.Fatalf("validator %d ended:\n%s", i, lastLines(p.stderr[i].String()))
			}
			p.start(i)
		default:
		}
	}
}

// client is a client of the given validators, which calls whichever answers.
func (p *processes) client(self string, addresses ...string) consensusv1.ConsensusServiceClient {
	p.t.Helper()
	conn, err := rpcclient.New(self, rpcclient.Target{Service: identity.Consensus, Contracts: []string{"bitcraps.consensus.v1.ConsensusService"}},
		rpcclient.Config{Addresses: addresses, Timeout: 5 * time.Second}, mtls.Config{}, nil, telemetry.Discard().For("test", 0))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	return consensusv1.NewConsensusServiceClient(conn)
}

func commitmentOf(game byte, round int64) []byte {
	return protocol.Commitment{Game: protocol.ID{game}, Round: uint64(round), BetsRoot: protocol.Hash{game}}.Encode()
}

// decideSome has the first rounds of a game decided.
func decideSome(t *testing.T, client consensusv1.ConsensusServiceClient, game byte, rounds int64) map[int64]*consensusv1.Decision {
	t.Helper()
	decided := make(map[int64]*consensusv1.Decision)
	for round := int64(1); round <= rounds; {
		resp, err := client.DecideRound(t.Context(), &consensusv1.DecideRoundRequest{Commitment: commitmentOf(game, round)})
		if err != nil { // They are still connecting to each other; the test's deadline is the limit.
			rest(t, nil, 50*time.Millisecond)
			continue
		}
		decided[round] = resp.GetDecision()
		round++
	}
	return decided
}

// decideUntil has one game's rounds decided, one after the other, until the context ends, and returns how many were.
func decideUntil(ctx context.Context, client consensusv1.ConsensusServiceClient, game byte) (decided map[int64]*consensusv1.Decision) {
	decided = make(map[int64]*consensusv1.Decision)
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	for round := int64(1); ; {
		if resp, err := client.DecideRound(ctx, &consensusv1.DecideRoundRequest{Commitment: commitmentOf(game, round)}); err == nil {
			decided[round] = resp.GetDecision()
			round++
			continue
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return decided
		}
	}
}

// TestAChainSurvivesCrashes kills validators at random, one, several or all at once, with rounds in flight, and compares the decisions
// with those that every one of them knows in the end.
func TestAChainSurvivesCrashes(t *testing.T) {
	const n, games = 4, 3
	p := newProcesses(t, n)
	for i := range n {
		p.start(i)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client := p.client(identity.Game, p.rpc...)
	decided := make([]map[int64]*consensusv1.Decision, games)
	var playing sync.WaitGroup
	for game := range games {
		playing.Go(func() { decided[game] = decideUntil(ctx, client, byte(game+1)) })
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range *crashes {
		rest(t, random, 4*time.Second)
		victims := random.Perm(n)[:1+random.IntN(n)]
		for _, i := range victims {
			p.kill(i)
		}
		rest(t, random, 300*time.Millisecond)
		for _, i := range victims {
			p.start(i)
		}
		p.supervise()
	}
	// Every game continues.
	p.reach(client, p.reach(client, 1)+6)
	cancel()
	playing.Wait()
	p.compare(decided)
}

// rest waits up to a time: a random one if there is a source of randomness, so that kills hit any point of a round.
func rest(t *testing.T, random *rand.Rand, upTo time.Duration) {
	t.Helper()
	if random != nil {
		upTo = time.Duration(random.Int64N(int64(upTo)))
	}
	select {
	case <-time.After(upTo):
	case <-t.Context().Done():
	}
}

// reach waits until a validator that answers has reached a height.
func (p *processes) reach(client consensusv1.ConsensusServiceClient, height int64) int64 {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if status, err := client.GetStatus(ctx, &consensusv1.GetStatusRequest{}); err == nil && status.GetHeight() >= height {
			return status.GetHeight()
		}
		p.supervise()
		select {
		case <-tick.C:
		case <-ctx.Done():
			p.t.Fatalf("the chain did not reach block %d within a minute", height)
		}
	}
}

// compare compares the decisions of every validator with those that were made.
func (p *processes) compare(decided []map[int64]*consensusv1.Decision) {
	p.t.Helper()
	total := 0
	for i := range p.running {
		client := p.client(identity.Game, p.rpc[i])
		for game, rounds := range decided {
			for round, want := range rounds {
				got := p.decision(i, client, protocol.ID{byte(game + 1)}, round)
				if got.String() != want.String() {
					p.t.Errorf("validator %d: round %d of game %d is %v, it was decided as %v", i, round, game+1, got, want)
				}
				total++
			}
		}
	}
	if total == 0 {
		p.t.Error("nothing was decided")
	}
	p.t.Logf("%d decisions compared after %d crashes", total, *crashes)
}

func (p *processes) decision(i int, client consensusv1.ConsensusServiceClient, game protocol.ID, round int64) *consensusv1.Decision {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	for {
		resp, err := client.GetDecision(ctx, &consensusv1.GetDecisionRequest{GameId: uuid.UUID(game).String(), Round: round})
		if err == nil {
			return resp.GetDecision()
		}
		p.supervise()
		if ctx.Err() != nil {
			p.t.Fatalf("validator %d does not know round %d: %v\n%s", i, round, err, lastLines(p.stderr[i].String()))
		}
	}
}

func lastLines(text string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
