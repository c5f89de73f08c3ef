package receipt

import (
	"encoding/hex"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// Facts are the data that a receipt is built from.
type Facts struct {
	// ChainID names the chain, GroupKey verifies its beacon, in hex.
	ChainID, GroupKey string
	// Player is the player whose receipt it is.
	Player protocol.ID
	// Commitment is the round's commitment. State and Bets are the preimages of its hashes: the game's state before the roll, and every
	// bet on the table in the order of the ids.
	Commitment protocol.Commitment
	State      protocol.State
	Bets       []protocol.Bet
	// Block proves that the chain ordered the commitment.
	Block *receiptv1.BlockProof
	// Lineage proves Block's validators and GroupKey from those of genesis; nil if nothing between needs a proof.
	Lineage *receiptv1.Lineage
	// BeaconHeight and BeaconSignature are the beacon that the dice are derived from.
	BeaconHeight    int64
	BeaconSignature []byte
	// BalanceAfter is the player's balance after the settlement.
	BalanceAfter int64
}

// Build builds a player's receipt. It must have a bet of the player, or verification fails.
func Build(f Facts) *receiptv1.Receipt {
	first, second := protocol.Dice(beacon.Randomness(f.BeaconSignature), f.Commitment.Hash())
	r := &receiptv1.Receipt{
		Version: version, ChainId: f.ChainID, GroupKey: f.GroupKey,
		GameId: uuid.UUID(f.Commitment.Game).String(), Round: int64(f.Commitment.Round), PlayerId: uuid.UUID(f.Player).String(),
		State: tableState(f.State), Block: f.Block, Lineage: f.Lineage,
		Commitment: &receiptv1.Commitment{BetCount: int32(f.Commitment.BetCount), BetsRoot: hex.EncodeToString(f.Commitment.BetsRoot[:]),
			StateHash: hex.EncodeToString(f.Commitment.StateHash[:]), PayTableHash: hex.EncodeToString(f.Commitment.PayTableHash[:])},
		Beacon:       &receiptv1.Beacon{Height: f.BeaconHeight, Signature: hex.EncodeToString(f.BeaconSignature)},
		Dice:         []int32{int32(first), int32(second)},
		BalanceAfter: f.BalanceAfter, BalanceBefore: f.BalanceAfter,
	}
	roll := crapsState(f.State).Roll(craps.Dice{First: first, Second: second})
	for _, bet := range f.Bets {
		settled := settledBet(bet, roll)
		r.Bets = append(r.Bets, settled)
		if bet.Player == f.Player {
			r.BalanceBefore -= settled.GetPayout()
		}
	}
	return r
}

func settledBet(bet protocol.Bet, roll craps.Roll) *receiptv1.SettledBet {
	outcome, payout := Settle(bet, roll)
	return &receiptv1.SettledBet{BetId: uuid.UUID(bet.ID).String(), PlayerId: uuid.UUID(bet.Player).String(),
		BetType: craps.ByCode(bet.Wager).Name, Number: int32(bet.Number), Working: bet.Working, Amount: int64(bet.Amount),
		ClientSeed: string(bet.Seed), Outcome: outcome.String(), Payout: payout}
}

func tableState(s protocol.State) *receiptv1.TableState {
	out := &receiptv1.TableState{Hand: int64(s.Hand), Rolls: int32(s.Rolls), Point: int32(s.Point), Pairs: int32(s.Pairs), Hard: int32(s.Hard),
		PassWins: int32(s.PassWins)}
	if s.Shooter != (protocol.ID{}) {
		out.ShooterId = uuid.UUID(s.Shooter).String()
	}
	for _, n := range s.Totals {
		out.Totals = append(out.Totals, int32(n))
	}
	for _, n := range s.PointsMade {
		out.PointsMade = append(out.PointsMade, int32(n))
	}
	return out
}

// crapsState converts a committed state to the rules' representation.
func crapsState(s protocol.State) craps.State {
	return craps.State{Point: s.Point, Rolls: s.Rolls,
		Since7: craps.Since7{Totals: craps.TotalsOf(s.Totals), Pairs: craps.Pairs(s.Pairs), Hard: craps.Hards(s.Hard)},
		Hand:   craps.Hand{Made: craps.MadeOf(s.PointsMade), Wins: s.PassWins}}
}
