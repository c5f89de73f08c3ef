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

// bet is the first round of a hand with one bet on the pass line, as the game commits to it. The hands before it took two rolls each.
func bet(hand uint64) receipt.Facts {
	state := protocol.State{Game: protocol.ID{7, byte(hand)}, Round: 2*hand - 1, Hand: hand} // Each is of a different game, which is new to the chain.
	bets := []protocol.Bet{{ID: protocol.ID{byte(hand)}, Player: protocol.ID{8}, Wager: craps.ByName("pass_line").Code, Working: true, Amount: 10}}
	return receipt.Facts{Player: bets[0].Player, State: state, Bets: bets, BalanceAfter: 1000,
		Commitment: protocol.Commitment{Game: state.Game, Round: state.Round, BetCount: 1, BetsRoot: protocol.BetsRoot(bets),
			StateHash: state.Hash(), PayTableHash: craps.PayTableHash()}}
}

// receipt has a validator prove a decision, and makes the player's receipt.
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

// trust is the trust of a player who has only the genesis file.
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

// TestGenesisIsEnoughToVerify replaces the only validator, and then its replacement. Receipts of all three are verified with the genesis
// file alone, whichever validator proves them.
func TestGenesisIsEnoughToVerify(t *testing.T) {
	net := newNetwork(t, 1)
	net.start(0)
	net.key()
	trust := net.trust()
	var rounds []receipt.Facts
	var decisions []chain.Decision
	verify := func(i int) {
		t.Helper()
		for hops, d := range decisions {
			text, lineage := net.receipt(i, rounds[hops], d)
			if err := receipt.Verify(text, trust).Err(); err != nil {
				t.Errorf("hand %d, proven by validator %d: %v", hops+1, i, err)
			}
			if lineage.GetSharing() == nil || len(lineage.GetHops()) != hops {
				t.Errorf("hand %d has a lineage of %d hops, and a sharing: %t", hops+1, len(lineage.GetHops()), lineage.GetSharing() != nil)
			}
			t.Logf("hand %d at height %d: a receipt of %d bytes over %d hops", hops+1, d.Height, len(text), len(lineage.GetHops()))
		}
	}
	for i := range 3 {
		if i > 0 {
			newcomer, leaver := net.join(), net.nodes[i-1].Group().Members[0].Address()
			net.change(i-1, order.Change{Add: &newcomer})
			net.validators(i-1, 2)
			net.change(i-1, order.Change{Remove: &leaver})
			net.validators(i, 1)
			net.stop(i - 1)
		}
		rounds = append(rounds, bet(uint64(i+1)))
		decisions = append(decisions, net.decide(i, rounds[i].Commitment))
		verify(i)
	}
	if err := net.nodes[2].Prune(decisions[2].Height); err != nil {
		t.Fatal(err)
	}
	text, lineage := net.receipt(2, rounds[2], decisions[2])
	if err := receipt.Verify(text, trust).Err(); err != nil || len(lineage.GetHops()) != 2 {
		t.Errorf("after pruned blocks, over %d hops: %v", len(lineage.GetHops()), err)
	}
}
