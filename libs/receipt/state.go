package receipt

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// checkState parses the state and the commitment, and checks that the commitment is to the state and that the state is possible.
func (v *verifier) checkState() (string, error) {
	r := v.receipt
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
		return "", errors.New("is not the state of commitment.state_hash")
	}
	if err := CheckState(state); err != nil {
		return "", err
	}
	v.state = state
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

// parseID parses a UUID in its canonical form. It rejects the nil UUID.
func parseID(field, text string) (protocol.ID, error) {
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text || id == uuid.Nil {
		return protocol.ID{}, fmt.Errorf("%s: %q is not a valid id", field, text)
	}
	return protocol.ID(id), nil
}
