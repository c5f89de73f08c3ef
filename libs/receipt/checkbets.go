package receipt

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
)

// spot is a spot of the table, which has at most one bet of a player.
type spot struct {
	player protocol.ID
	wager  uint16
	number uint8
}

// CheckBets checks that the bets are possible on a table in the state, at most one of each player on each spot, and that they are in
// the order of their ids without duplicates. Their wagers must be known.
func CheckBets(s protocol.State, bets []protocol.Bet) error {
	placed := make(map[spot]protocol.Bet, len(bets))
	for i, bet := range bets {
		if i > 0 && bytes.Compare(bets[i-1].ID[:], bet.ID[:]) >= 0 {
			return fmt.Errorf("bets[%d].bet_id: bets must be in the order of their ids, and none twice", i)
		}
		if err := checkBet(s, bet); err != nil {
			return fmt.Errorf("bets[%d].%w", i, err)
		}
		where := spot{bet.Player, bet.Wager, bet.Number}
		if _, taken := placed[where]; taken {
			return fmt.Errorf("bets[%d].bet_type: the player has another %s there", i, craps.ByCode(bet.Wager).Name)
		}
		placed[where] = bet
	}
	for i, bet := range bets {
		if err := checkOdds(bet, placed); err != nil {
			return fmt.Errorf("bets[%d].%w", i, err)
		}
	}
	return nil
}

func checkBet(s protocol.State, bet protocol.Bet) error {
	wager := craps.ByCode(bet.Wager)
	if !bet.Working && !wager.OffOnComeOut {
		return fmt.Errorf("working: false; %s works on every roll", wager.Name)
	}
	if err := checkNumber(s, wager, bet.Number); err != nil {
		return err
	}
	if multiple := wager.Multiple(bet.Number); bet.Amount%uint64(multiple) != 0 {
		return fmt.Errorf("amount: %d; %s pays exactly only on multiples of %d", bet.Amount, wager.Name, multiple)
	}
	return nil
}

// checkNumber checks the number that a bet stands on. A come bet without a number was placed since the last roll.
func checkNumber(s protocol.State, wager *craps.Wager, number uint8) error {
	travels, odds := wager.Settles == craps.Pending, wager.Behind != nil
	switch {
	case isLineOdds(wager) && (number != s.Point || number == 0):
		return fmt.Errorf("number: %d; %s stands on the point, which is %d", number, wager.Name, s.Point)
	case travels && number == 0 && s.Point == 0:
		return fmt.Errorf("number: 0; %s is placed only while a point is set", wager.Name)
	case number == 0 && !odds:
		return nil
	case !travels && !odds:
		return fmt.Errorf("number: %d; %s takes none", number, wager.Name)
	case !slices.Contains(craps.Points[:], number):
		return fmt.Errorf("number: %d; %s stands on 4, 5, 6, 8, 9 or 10", number, wager.Name)
	case crapsState(s).Since7.Totals.Of(number) == 0:
		return fmt.Errorf("number: %d, which was not rolled since the last 7", number)
	}
	return nil
}

// isLineOdds reports whether a wager is odds on the line, which stand on the table's point.
func isLineOdds(wager *craps.Wager) bool {
	return wager.Behind != nil && wager.Behind.Settles == craps.Line
}

// checkOdds checks that odds stand behind a flat bet that is large enough for them.
func checkOdds(bet protocol.Bet, placed map[spot]protocol.Bet) error {
	wager := craps.ByCode(bet.Wager)
	if wager.Behind == nil {
		return nil
	}
	number := bet.Number
	if isLineOdds(wager) {
		number = 0 // Line bets stand on the table's point, not on a number of their own.
	}
	flat, ok := placed[spot{bet.Player, wager.Behind.Code, number}]
	if !ok {
		return fmt.Errorf("bet_type: %s stands behind no %s", wager.Name, wager.Behind.Name)
	}
	if most := wager.MaxStake(bet.Number, int64(flat.Amount)); int64(bet.Amount) > most {
		return fmt.Errorf("amount: %d; at most %d may stand behind a %s of %d", bet.Amount, most, wager.Behind.Name, flat.Amount)
	}
	return nil
}
