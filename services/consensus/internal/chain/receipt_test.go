package chain_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/libs/canonical"
	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// bet is a round with one bet on the pass line, as the game commits to it.
func bet(round uint64) receipt.Facts {
	state := protocol.State{Game: protocol.ID{7}, Round: round, Hand: 1}
	bets := []protocol.Bet{{ID: protocol.ID{byte(round)}, Player: protocol.ID{8}, Wager: craps.Named("pass_line").Code, Working: true, Amount: 10}}
	return receipt.Facts{Player: bets[0].Player, State: state, Bets: bets, BalanceAfter: 1000,
		Commitment: protocol.Commitment{Game: state.Game, Round: round, BetCount: 1, BetsRoot: protocol.BetsRoot(bets),
			StateHash: state.Hash(), PayTableHash: craps.PayTableHash()}}
}

// receipt has a validator prove a decision, and writes the player's receipt.
func (n *network) receipt(i int, facts receipt.Facts, d chain.Decision) (text []byte, lineage *receiptv1.Lineage) {
	n.t.Helper()
	var err error
	if facts.Block, err = n.nodes[i].Prove(d.Ordered); err != nil {
		n.t.Fatal(err)
	}
	if facts.Lineage, err = n.nodes[i].Lineage(facts.Block); err != nil {
		n.t.Fatal(err)
	}
	known := n.nodes[i].Facts()
	facts.ChainID, facts.GroupKey, facts.BeaconHeight, facts.BeaconSignature = known.ChainID, known.GroupKey, d.BeaconHeight, d.Signature
	if text, err = canonical.JSON(receipt.Build(facts)); err != nil {
		n.t.Fatal(err)
	}
	return text, facts.Lineage
}

// trust is what a player knows who has the genesis file and nothing else.
func (n *network) trust() *receipt.Trust {
	n.t.Helper()
	document, err := os.ReadFile(filepath.Join(n.home(0), "genesis.json"))
	if err != nil {
		n.t.Fatal(err)
	}
	trust, err := receipt.ParseTrust(document)
	if err != nil {
		n.t.Fatal(err)
	}
	return trust
}

// TestGenesisIsEnoughToVerify replaces three of four validators, and has receipts from before, between and behind verified
// by the genesis file alone, whichever validator proves them.
func TestGenesisIsEnoughToVerify(t *testing.T) {
	net := newNetwork(t, 4)
	net.start(0, 1, 2, 3)
	net.key()
	trust := net.trust()
	verify := func(i int, facts receipt.Facts, d chain.Decision, hops int) {
		t.Helper()
		text, lineage := net.receipt(i, facts, d)
		if err := receipt.Verify(text, trust).Err(); err != nil {
			t.Errorf("round %d as validator %d proves it: %v", d.Commitment.Round, i, err)
		}
		if lineage.GetSharing() == nil || len(lineage.GetHops()) != hops {
			t.Errorf("round %d has a lineage with %d hops, want %d; sharing %t", d.Commitment.Round, len(lineage.GetHops()), hops, lineage.GetSharing() != nil)
		}
		t.Logf("round %d at height %d: a receipt of %d bytes over %d hops", d.Commitment.Round, d.Height, len(text), len(lineage.GetHops()))
	}
	before := bet(1)
	first := net.decide(0, before.Commitment)
	verify(0, before, first, 0)

	for range 3 {
		newcomer := net.join()
		net.change(3, order.Change{Add: &newcomer})
	}
	net.validators(3, 7)
	between := bet(2)
	second := net.decide(3, between.Commitment)
	verify(3, between, second, 0)

	for _, m := range net.nodes[3].Group().Members[:3] {
		address := m.Address()
		net.change(3, order.Change{Remove: &address})
	}
	net.validators(3, 4)
	for i := range 3 {
		net.stop(i)
	}
	behind := bet(3)
	third := net.decide(4, behind.Commitment)
	net.agree(third)
	for _, i := range []int{3, 4, 6} {
		verify(i, before, first, 0)
		verify(i, between, second, 0)
		verify(i, behind, third, 1)
	}
	if err := net.nodes[3].Prune(third.Height); err != nil {
		t.Fatal(err)
	}
	verify(3, behind, third, 1)
}
