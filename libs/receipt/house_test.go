package receipt_test

import (
	"encoding/hex"
	"testing"

	"go.dedis.ch/kyber/v4"
	"go.dedis.ch/kyber/v4/pairing/bls12381/gnark"
	"go.dedis.ch/kyber/v4/sign/bls"
	"go.dedis.ch/kyber/v4/util/random"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// house is a dishonest house: it binds rounds to anything, and honest validators order the commitments.
type house struct {
	t       testing.TB
	secret  kyber.Scalar
	trust   *receipt.Trust
	ordered int64
}

func newHouse(t testing.TB) *house {
	secret, public := bls.NewSchemeOnG1(gnark.NewSuite()).NewKeyPair(random.New())
	key, err := public.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, secret: secret, trust: &receipt.Trust{ChainID: madeChain, GroupKey: hex.EncodeToString(key)}}
	for _, v := range setOf(0, 1, 2, 3) {
		h.trust.Validators = append(h.trust.Validators, receipt.TrustedValidator{PublicKey: v.GetPublicKey(), Power: v.GetPower()})
	}
	return h
}

// receipt returns the receipt that an honest program builds of the state and the bets, with a block of their own.
func (h *house) receipt(player protocol.ID, state protocol.State, bets ...protocol.Bet) *receiptv1.Receipt {
	h.t.Helper()
	commitment := protocol.Commitment{Game: state.Game, Round: state.Round, BetCount: uint32(len(bets)), BetsRoot: protocol.BetsRoot(bets),
		StateHash: state.Hash(), PayTableHash: craps.PayTableHash()}
	h.ordered += 10
	leaf, set := commitment.Hash(), setOf(0, 1, 2, 3)
	root := protocol.MerkleRoot([][]byte{leaf[:]})
	block := header(h.t, h.ordered, set, set)
	block.DataHash = hex.EncodeToString(root[:])
	signature, err := bls.NewSchemeOnG1(gnark.NewSuite()).Sign(h.secret, beacon.Message(h.ordered+1))
	if err != nil {
		h.t.Fatal(err)
	}
	return receipt.Build(receipt.Facts{ChainID: madeChain, GroupKey: h.trust.GroupKey, Player: player, Commitment: commitment, State: state, Bets: bets,
		Block:        &receiptv1.BlockProof{Header: block, Commit: sign(h.t, madeChain, block, set), Inclusion: &receiptv1.Inclusion{}, Validators: set},
		BeaconHeight: h.ordered + 1, BeaconSignature: signature, BalanceAfter: 1_000_000_000})
}

// verify returns the last step of the receipt's report.
func (h *house) verify(r *receiptv1.Receipt) receipt.Step {
	h.t.Helper()
	report := receipt.Verify(write(h.t, r), h.trust)
	return report[len(report)-1]
}

// rollUntil returns the receipt of a round whose dice meet a condition.
func (h *house) rollUntil(wanted func(craps.Dice) bool, player protocol.ID, state protocol.State, bets ...protocol.Bet) *receiptv1.Receipt {
	h.t.Helper()
	for range 1000 {
		if r := h.receipt(player, state, bets...); wanted(diceOf(r)) {
			return r
		}
	}
	h.t.Fatal("the dice never fall so")
	return nil
}

func diceOf(r *receiptv1.Receipt) craps.Dice {
	return craps.Dice{First: uint8(r.GetDice()[0]), Second: uint8(r.GetDice()[1])}
}

func total(n uint8) func(craps.Dice) bool { return func(d craps.Dice) bool { return d.Total() == n } }

var (
	game, me, other = protocol.ID{1}, protocol.ID{2}, protocol.ID{3}
	first           = protocol.State{Game: game, Round: 1, Hand: 1, Shooter: me}
)

// bet returns a working bet of the receipt's player.
func bet(id byte, wager string, amount uint64) protocol.Bet {
	return protocol.Bet{ID: protocol.ID{id}, Player: me, Wager: craps.ByName(wager).Code, Working: true, Amount: amount}
}
