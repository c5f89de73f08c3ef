package receipt

import (
	"bytes"
	"fmt"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// checkState checks that the commitment is to the state, and reads it.
func (v *verifier) checkState() (string, error) {
	r, err := v.receipt, error(nil)
	if v.game, err = parseID("game_id", r.GetGameId()); err != nil {
		return "", err
	}
	if v.player, err = parseID("player_id", r.GetPlayerId()); err != nil {
		return "", err
	}
	state, err := parseState(v.game, r.GetRound(), r.GetState())
	if err != nil {
		return "", err
	}
	c := r.GetCommitment()
	if c.GetBetCount() < 0 {
		return "", fmt.Errorf("commitment.bet_count: %d", c.GetBetCount())
	}
	v.commitment = protocol.Commitment{Game: v.game, Round: uint64(r.GetRound()), BetCount: uint32(c.GetBetCount())}
	for _, field := range []struct {
		name, text string
		hash       *protocol.Hash
	}{
		{"bets_root", c.GetBetsRoot(), &v.commitment.BetsRoot}, {"state_hash", c.GetStateHash(), &v.commitment.StateHash},
		{"pay_table_hash", c.GetPayTableHash(), &v.commitment.PayTableHash},
	} {
		if *field.hash, err = parseHash("commitment."+field.name, field.text); err != nil {
			return "", err
		}
	}
	if v.commitment.StateHash != state.Hash() {
		return "", fmt.Errorf("is not the state of commitment.state_hash")
	}
	v.state = crapsState(state)
	return fmt.Sprintf("before the roll: hand %d, roll %d, point %d", state.Hand, state.Rolls+1, state.Point), nil
}

func parseState(game protocol.ID, round int64, s *receiptv1.TableState) (protocol.State, error) {
	out := protocol.State{Game: game, Round: uint64(round), Hand: uint64(s.GetHand()), Rolls: uint32(s.GetRolls()), Point: uint8(s.GetPoint()),
		Pairs: uint32(s.GetPairs()), Hard: uint8(s.GetHard()), PassWins: uint8(s.GetPassWins())}
	for _, field := range []struct {
		name     string
		value    int64
		max      int64
		negative bool
	}{
		{"round", round, 1 << 62, round < 1}, {"hand", s.GetHand(), 1 << 62, s.GetHand() < 1}, {"rolls", int64(s.GetRolls()), 1 << 31, s.GetRolls() < 0},
		{"point", int64(s.GetPoint()), 10, s.GetPoint() < 0}, {"pairs", int64(s.GetPairs()), 1<<21 - 1, s.GetPairs() < 0},
		{"hard", int64(s.GetHard()), 15, s.GetHard() < 0}, {"pass_wins", int64(s.GetPassWins()), craps.MaxWins, s.GetPassWins() < 0},
	} {
		if field.negative || field.value > field.max {
			return out, fmt.Errorf("%s: %d is out of range", field.name, field.value)
		}
	}
	if err := counts("totals", s.GetTotals(), craps.MaxTotal, out.Totals[:]); err != nil {
		return out, err
	}
	if err := counts("points_made", s.GetPointsMade(), craps.MaxMade, out.PointsMade[:]); err != nil {
		return out, err
	}
	if s.GetShooterId() == "" {
		return out, nil
	}
	var err error
	out.Shooter, err = parseID("shooter_id", s.GetShooterId())
	return out, err
}

func counts(field string, values []int32, most int32, out []uint8) error {
	if len(values) != len(out) {
		return fmt.Errorf("%s: %d counts; %d are wanted", field, len(values), len(out))
	}
	for i, n := range values {
		if n < 0 || n > most {
			return fmt.Errorf("%s[%d]: %d is out of range", field, i, n)
		}
		out[i] = uint8(n)
	}
	return nil
}

// parseID reads a UUID in its one canonical form. Nobody has the id of zeros.
func parseID(field, text string) (protocol.ID, error) {
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text || id == uuid.Nil {
		return protocol.ID{}, fmt.Errorf("%s: %q is not the id of anything", field, text)
	}
	return protocol.ID(id), nil
}

// checkBets checks that the commitment is to each bet.
func (v *verifier) checkBets() (string, error) {
	for i, proof := range v.receipt.GetBets() {
		bet, err := v.parseBet(proof)
		if err != nil {
			return "", fmt.Errorf("bets[%d].%w", i, err)
		}
		if i > 0 && bytes.Compare(v.bets[i-1].ID[:], bet.ID[:]) >= 0 {
			return "", fmt.Errorf("bets[%d].bet_id: bets must be in the order of their ids", i)
		}
		var path []protocol.Hash
		for j, text := range proof.GetPath() {
			sibling, err := parseHash(fmt.Sprintf("bets[%d].path[%d]", i, j), text)
			if err != nil {
				return "", err
			}
			path = append(path, sibling)
		}
		if !protocol.VerifyBet(bet, int(proof.GetIndex()), int(v.commitment.BetCount), path, v.commitment.BetsRoot) {
			return "", fmt.Errorf("bets[%d]: is not among the bets of commitment.bets_root", i)
		}
		v.bets = append(v.bets, bet)
	}
	return fmt.Sprintf("%d of the %d bets on the table are yours, as the commitment has them", len(v.bets), v.commitment.BetCount), nil
}

// maxAmount is the largest amount (docs/adr/0007). Greater ones would overflow when they are settled, to what a forger likes.
const maxAmount = 1<<53 - 1

// maxSeed is the longest seed that a bet's encoding has room for.
const maxSeed = 255

func (v *verifier) parseBet(p *receiptv1.BetProof) (protocol.Bet, error) {
	id, err := parseID("bet_id", p.GetBetId())
	if err != nil {
		return protocol.Bet{}, err
	}
	wager := craps.Named(p.GetBetType())
	switch {
	case wager == nil || wager.Name != p.GetBetType():
		return protocol.Bet{}, fmt.Errorf("bet_type: no wager is called %q", p.GetBetType())
	case p.GetNumber() < 0 || p.GetNumber() > 12:
		return protocol.Bet{}, fmt.Errorf("number: %d is out of range", p.GetNumber())
	case p.GetAmount() <= 0:
		return protocol.Bet{}, fmt.Errorf("amount: %d is no stake", p.GetAmount())
	case p.GetAmount() > maxAmount:
		return protocol.Bet{}, fmt.Errorf("amount: %d; at most %d is allowed", p.GetAmount(), maxAmount)
	case len(p.GetClientSeed()) > maxSeed:
		return protocol.Bet{}, fmt.Errorf("client_seed: %d bytes; at most %d are allowed", len(p.GetClientSeed()), maxSeed)
	case len(p.GetPath()) > maxPath:
		return protocol.Bet{}, fmt.Errorf("path: %d hashes; at most %d are allowed", len(p.GetPath()), maxPath)
	}
	return protocol.Bet{ID: id, Player: v.player, Wager: wager.Code, Number: uint8(p.GetNumber()), Working: p.GetWorking(),
		Amount: uint64(p.GetAmount()), Seed: []byte(p.GetClientSeed())}, nil
}

// checkSettlement settles each bet by the rules.
func (v *verifier) checkSettlement() (string, error) {
	paid := int64(0)
	for i, p := range v.receipt.GetBets() {
		outcome, payout := Settle(v.bets[i], v.roll)
		if p.GetOutcome() != outcome.String() || p.GetPayout() != payout {
			return "", fmt.Errorf("bets[%d]: %s, %d paid; by the rules it is %s, %d paid", i, p.GetOutcome(), p.GetPayout(), outcome, payout)
		}
		if paid += payout; paid > maxAmount {
			return "", fmt.Errorf("bets[%d]: %d paid up to it; at most %d is allowed", i, paid, maxAmount)
		}
	}
	return fmt.Sprintf("%d bets were paid %d in all, as the rules say", len(v.bets), paid), nil
}

// Settle is what a roll does to a bet as a round commits to it, and what comes back of it. The wager's code must be known.
func Settle(bet protocol.Bet, roll craps.Roll) (craps.Outcome, int64) {
	wager, stake := craps.Coded(bet.Wager), int64(bet.Amount)
	result := wager.Resolve(craps.Bet{Number: bet.Number, Working: bet.Working}, roll)
	switch result.Outcome {
	case craps.Win:
		return result.Outcome, stake + wager.Profit(result.Line, stake)
	case craps.Push:
		return result.Outcome, stake
	}
	return result.Outcome, 0
}

func (v *verifier) checkBalance() (string, error) {
	before, after := v.receipt.GetBalanceBefore(), v.receipt.GetBalanceAfter()
	if max(before, after) > maxAmount {
		return "", fmt.Errorf("from %d to %d; at most %d is allowed", before, after, maxAmount)
	}
	paid := int64(0)
	for _, p := range v.receipt.GetBets() {
		paid += p.GetPayout()
	}
	if before < 0 || after-before != paid {
		return "", fmt.Errorf("from %d to %d; %d was paid", before, after, paid)
	}
	return fmt.Sprintf("the wallet went from %d to %d", before, after), nil
}
