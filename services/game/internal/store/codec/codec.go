// Package codec encodes and decodes the columns that every engine stores in the same form.
package codec

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// DecodeWager returns a bet's wager by its code. It fails for a code that this release does not know.
func DecodeWager(bet uuid.UUID, code int64) (*craps.Wager, error) {
	wager := craps.ByCode(uint16(code))
	if wager == nil {
		return nil, fmt.Errorf("bet %s is on wager %d, which this release does not know", bet, code)
	}
	return wager, nil
}

// DecodeRound decodes a round's canonical encodings into it. Rounds of releases before receipts have only a commitment.
func DecodeRound(round *play.Round, commitment, state, bets []byte) (err error) {
	if round.Commitment, err = protocol.DecodeCommitment(commitment); err == nil && len(state) > 0 {
		if round.State, err = protocol.DecodeState(state); err == nil {
			round.Bets, err = protocol.DecodeBets(bets)
		}
	}
	if err != nil {
		return fmt.Errorf("round %d of game %s: %w", round.Number, round.Game, err)
	}
	return nil
}

// ConvertAll converts every row, or fails with the first error.
func ConvertAll[R, V any](rows []R, convert func(R) (V, error)) ([]V, error) {
	values := make([]V, len(rows))
	for i, row := range rows {
		var err error
		if values[i], err = convert(row); err != nil {
			return nil, err
		}
	}
	return values, nil
}
