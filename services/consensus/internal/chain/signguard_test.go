package chain_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/dirlock"
	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

func TestAHomeHoldsOneValidator(t *testing.T) {
	net := newNetwork(t, 1)
	net.start(0)
	cfg := net.config(0)
	cfg.Listen = testserver.FreeAddress(t)
	if _, err := chain.Open(cfg, discard); !errors.Is(err, dirlock.ErrLocked) {
		t.Errorf("a second validator in one home: %v", err)
	}
	net.stop(0)
	net.start(0)
}

// copyHome copies a home as a careless operator might: to a validator with the same key in another folder, with another node id, and
// without the sign state.
func copyHome(t *testing.T, net *network, i int) chain.Config {
	t.Helper()
	cfg := net.config(i)
	cfg.Home, cfg.Listen = filepath.Join(t.TempDir(), "copy"), testserver.FreeAddress(t)
	cfg.IdentityFile = chain.IdentityFile(net.home(i))
	other := newNetwork(t, 1)
	for name, from := range map[string]string{"genesis.json": net.home(i), "validator.json": net.home(i), "validator_key.json": net.home(i), "beacon_key.age": net.home(i),
		"node_key.json": other.home(0), "validator_state.json": other.home(0)} {
		content, err := os.ReadFile(filepath.Join(from, name))
		if err := errors.Join(err, os.MkdirAll(filepath.Join(cfg.Home, "data"), 0o700), os.WriteFile(filepath.Join(cfg.Home, name), content, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	rename(t, cfg.Home)
	// It starts at genesis: state sync would take longer than the rounds that are played meanwhile.
	if err := os.WriteFile(filepath.Join(cfg.Home, "data", "new"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// rename makes a home's validator.json name the id of the home's node key.
func rename(t testing.TB, home string) {
	t.Helper()
	path := filepath.Join(home, "validator.json")
	member, err := os.ReadFile(path)
	id, failed := chain.PeerID(home)
	member = nodeID.ReplaceAll(member, []byte(`"node_id": "`+id+`"`))
	if err := errors.Join(err, failed, os.WriteFile(path, member, 0o600)); err != nil {
		t.Fatal(err)
	}
}

var nodeID = regexp.MustCompile(`"node_id": "[0-9a-f]+"`)

// TestACopyOfAKeyHalts starts a second validator with the key of a running one.
func TestACopyOfAKeyHalts(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 2, 3)
	round := uint64(1)
	net.agree(net.decide(0, commitment(1, round)))
	cfg := copyHome(t, net, 3)
	cfg.ListenFirst = time.Second
	second, err := chain.Open(cfg, discard)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Stop() }()
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if second.Halted() != nil {
			break
		}
		round++
		net.decide(0, commitment(1, round))
	}
	if err := second.Halted(); !errors.Is(err, chain.ErrForeignVote) || !strings.Contains(err.Error(), "stop one of the two") {
		t.Fatalf("the copy: %v", err)
	}
	if err := second.Wait(); !errors.Is(err, chain.ErrForeignVote) {
		t.Errorf("the copy's process ends with %v", err)
	}
	for i := range 4 {
		if all, err := net.nodes[i].ListEvidence(nil, 10); err != nil || len(all) > 0 || net.nodes[i].Halted() != nil {
			t.Errorf("validator %d: %v, %v, %v", i, all, err, net.nodes[i].Halted())
		}
	}
}

// TestRestartedValidatorsAreNotTakenForCopies stops and starts validators with rounds in flight: peers may send them the votes that they
// signed before.
func TestRestartedValidatorsAreNotTakenForCopies(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 2, 3)
	for round := uint64(1); round <= 6; round++ {
		i := int(round) % 4
		c := commitment(1, round)
		_ = net.nodes[i].Submit(c.Encode())
		net.stop(i)
		net.startAs(i, func(cfg *chain.Config) { cfg.ListenFirst = 50 * time.Millisecond })
		net.agree(net.decide((i+1)%4, c))
		for j := range 4 {
			if err := net.nodes[j].Halted(); err != nil {
				t.Fatalf("round %d: validator %d: %v", round, j, err)
			}
		}
	}
}
