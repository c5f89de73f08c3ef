package chain_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// agree waits until every running validator has the decision, and fails if one has a different one.
func (n *network) agree(want chain.Decision) {
	n.t.Helper()
	for i, node := range n.nodes {
		if node == nil {
			continue
		}
		var got chain.Decision
		testserver.Eventually(n.t, "decision at every validator", func() bool {
			var ok bool
			var err error
			got, ok, err = node.Decision(order.RoundOf(want.Commitment))
			if err != nil {
				n.t.Fatal(err)
			}
			return ok
		})
		if got.Ordered != want.Ordered || string(got.Signature) != string(want.Signature) {
			n.t.Errorf("validator %d decided %+v, another %+v", i, got, want)
		}
	}
}

// TestFourValidators runs one chain through the faults that four validators tolerate, and through those that they do not.
func TestFourValidators(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 2, 3)
	net.key()
	facts := net.nodes[0].Facts()
	if facts.Threshold != 3 || len(facts.Validators) != 4 {
		t.Fatalf("facts = %+v", facts)
	}

	t.Run("all run", func(t *testing.T) {
		net.t = t
		for round := uint64(1); round <= 5; round++ {
			d := net.decide(int(round)%4, commitment(1, round))
			net.verify(facts.GroupKey, d)
			net.agree(d)
		}
	})

	t.Run("another commitment for a decided round is refused", func(t *testing.T) {
		net.t = t
		other := commitment(1, 1)
		other.BetsRoot = protocol.Hash{99}
		before, _, _ := net.nodes[2].Ordered(order.RoundOf(other))
		_ = net.nodes[2].Submit(other.Encode())
		net.agree(net.decide(2, commitment(1, 6))) // A later block has passed.
		if after, _, _ := net.nodes[2].Ordered(order.RoundOf(other)); after != before {
			t.Errorf("round 1 changed from %+v to %+v", before, after)
		}
	})

	t.Run("an idle chain makes no blocks", func(t *testing.T) {
		net.t = t
		d := net.decide(0, commitment(1, 7))
		net.agree(d)
		status, err := net.nodes[0].Status()
		if err != nil || status.Height > d.BeaconHeight {
			t.Errorf("height %d after the beacon of %d, %v", status.Height, d.BeaconHeight, err)
		}
	})

	t.Run("one is stopped", func(t *testing.T) {
		net.t = t
		net.stop(3)
		for round := uint64(8); round <= 15; round++ { // Every validator proposes twice, the stopped one included.
			d := net.decide(int(round)%3, commitment(1, round))
			net.verify(facts.GroupKey, d)
			net.agree(d)
		}
	})

	waiting := commitment(1, 16)
	t.Run("two are stopped", func(t *testing.T) {
		net.t = t
		net.stop(2)
		testserver.Eventually(t, "loss of the quorum", func() bool {
			return errors.Is(net.nodes[0].Submit(waiting.Encode()), chain.ErrNoQuorum)
		})
		if _, ok, _ := net.nodes[0].Decision(order.RoundOf(commitment(1, 15))); !ok {
			t.Error("old decisions can't be read")
		}
	})

	t.Run("they return and catch up from their peers", func(t *testing.T) {
		net.t = t
		net.start(2, 3)
		d := net.decide(0, waiting)
		net.verify(facts.GroupKey, d)
		net.agree(d)
		for round := uint64(8); round <= 15; round++ {
			want, ok, err := net.nodes[0].Decision(order.RoundOf(commitment(1, round)))
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			net.agree(want)
		}
	})

	t.Run("all stop and resume from their own disks", func(t *testing.T) {
		net.t = t
		want, _, _ := net.nodes[0].Decision(order.RoundOf(waiting))
		for i := range net.nodes {
			net.stop(i)
		}
		net.start(0, 1, 2, 3)
		net.agree(want)
		net.agree(net.decide(1, commitment(1, 17)))
	})
}

func TestDecisionsAreStreamedInOrder(t *testing.T) {
	net := newNetwork(t, 1)
	net.start(0)
	var first chain.Decision
	for round := uint64(1); round <= 4; round++ {
		d := net.decide(0, commitment(byte(round), 1))
		if round == 2 {
			first = d
		}
	}
	var got []byte
	err := net.nodes[0].DecisionsFrom(t.Context(), first.Height, func(d chain.Decision) error {
		got = append(got, d.Commitment.Game[0])
		return nil
	})
	if err != nil || string(got) != "\x02\x03\x04" {
		t.Errorf("games %v, %v", got, err)
	}
	broken := errors.New("the reader went away")
	if err := net.nodes[0].DecisionsFrom(t.Context(), 1, func(chain.Decision) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("err = %v", err)
	}
	if err := net.nodes[0].WithoutBeacon(first.BeaconHeight); err != nil {
		t.Fatal(err)
	}
	if err := net.nodes[0].DecisionsFrom(t.Context(), 1, func(chain.Decision) error { return nil }); !errors.Is(err, chain.ErrNoBeacon) {
		t.Errorf("a stream that lacks a decision ends with %v", err)
	}
}

func TestInitNetworkKeepsWhatIsThere(t *testing.T) {
	net := newNetwork(t, 1)
	if err := chain.InitNetwork(net.dir, "another", 1, time.Now()); err == nil {
		t.Error("a chain was overwritten")
	}
	if err := chain.InitNetwork(t.TempDir(), "none", 0, time.Now()); err == nil {
		t.Error("a chain without validators was made")
	}
	for _, id := range []string{"", "two\nlines", strings.Repeat("x", 51)} { // Receipts with it would be rejected.
		if err := chain.InitNetwork(t.TempDir(), id, 1, time.Now()); err == nil || !strings.Contains(err.Error(), "chain_id") {
			t.Errorf("a chain called %q: %v", id, err)
		}
	}
}

func TestDamagedHomesAreRefused(t *testing.T) {
	for _, file := range []string{"genesis.json", "validator_key.json", "validator_state.json", "node_key.json", "beacon_key.age", "validator.json"} {
		for name, damage := range map[string]func(string) error{
			"missing": os.Remove,
			"garbage": func(path string) error { return os.WriteFile(path, []byte("{"), 0o600) },
			"foreign": func(path string) error {
				other := newNetwork(t, 1)
				content, err := os.ReadFile(filepath.Join(other.home(0), filepath.Base(path)))
				return errors.Join(err, os.WriteFile(path, content, 0o600))
			},
		} {
			if name == "foreign" && (file == "validator_state.json" || file == "genesis.json") {
				continue // They do not identify the validator.
			}
			t.Run(file+" is "+name, func(t *testing.T) {
				net := newNetwork(t, 1)
				if err := damage(filepath.Join(net.home(0), file)); err != nil {
					t.Fatal(err)
				}
				node, err := chain.Open(chain.Config{Home: net.home(0), Listen: net.addresses[0]}, discard)
				if err == nil {
					_ = node.Stop()
					t.Error("the home was opened")
				}
			})
		}
	}
}

// TestAGenesisOfTwoReadingsIsRefused has a house add its own key to a genesis file, where a player's program might take it for the
// validators' and CometBFT ignores it. It also has unknown keys, which either might come to know.
func TestAGenesisOfTwoReadingsIsRefused(t *testing.T) {
	for _, more := range []string{`"Validators":[]`, `"validators":[]`, `"Chain_ID":"another"`, `"group_key":""`} {
		net := newNetwork(t, 1)
		path := filepath.Join(net.home(0), "genesis.json")
		genesis, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		genesis = bytes.Replace(genesis, []byte("{"), []byte("{"+more+","), 1)
		if err := os.WriteFile(path, genesis, 0o600); err != nil {
			t.Fatal(err)
		}
		node, err := chain.Open(chain.Config{Home: net.home(0), Listen: net.addresses[0]}, discard)
		if err == nil {
			_ = node.Stop()
		}
		if err == nil || !strings.HasPrefix(err.Error(), "genesis: ") {
			t.Errorf("%s: the home is opened: %v", more, err)
		}
		if _, err := chain.NewHome(filepath.Join(t.TempDir(), "joining"), "joining", genesis); err == nil || !strings.HasPrefix(err.Error(), "genesis: ") {
			t.Errorf("%s: a home is made with it: %v", more, err)
		}
	}
}

func TestAnotherCommitmentIsNotProven(t *testing.T) {
	net := newNetwork(t, 1)
	net.start(0)
	unknown := net.decide(0, commitment(1, 1)).Ordered
	unknown.Commitment.BetCount++
	if _, err := net.nodes[0].Prove(unknown); err == nil {
		t.Error("a commitment that the block does not contain was proven")
	}
}

func TestMalformedPeersAreRefused(t *testing.T) {
	dir := t.TempDir()
	if err := chain.InitNetwork(dir, "bitcraps-test", 1, time.Now()); err != nil {
		t.Fatal(err)
	}
	id := strings.Repeat("0a", 20)
	for _, peer := range []string{"127.0.0.1:1", id + "@127.0.0.1", id + "@:1", "nonsense@127.0.0.1:1", id + "@127.0.0.1:70000"} {
		_, err := chain.Open(chain.Config{Home: filepath.Join(dir, chain.ValidatorName(0)), Listen: "127.0.0.1:0", Peers: []string{peer}}, discard)
		if err == nil || !strings.Contains(err.Error(), "peers") {
			t.Errorf("%s: %v", peer, err)
		}
	}
}

// TestGenesisIsWhatPlayersTrust reads the genesis file as a player's verifier does, without CometBFT.
func TestGenesisIsWhatPlayersTrust(t *testing.T) {
	net := newNetwork(t, 4)
	document, err := os.ReadFile(filepath.Join(net.home(0), "genesis.json"))
	if err != nil {
		t.Fatal(err)
	}
	trust, err := receipt.ParseTrust(document)
	if err != nil {
		t.Fatal(err)
	}
	net.start(0)
	facts := net.nodes[0].Facts()
	want := &receipt.Trust{ChainID: facts.ChainID, GenesisHash: facts.GenesisHash, HashComputed: true}
	for _, v := range net.nodes[0].Genesis() {
		want.Validators = append(want.Validators, receipt.TrustedValidator{PublicKey: v.PublicKey, Power: v.Power})
	}
	if !reflect.DeepEqual(trust, want) {
		t.Errorf("trust = %+v, want %+v", trust, want)
	}
}
