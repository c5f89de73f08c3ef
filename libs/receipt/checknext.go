package receipt

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
)

// CheckNext checks a round's state and bets against those of the round before and its dice. What players may do between two
// rolls it allows: place bets while their wagers are open, reduce and take back those that are no contracts, hand the dice on
// before a point is set.
func CheckNext(before protocol.State, lay []protocol.Bet, dice craps.Dice, after protocol.State, lie []protocol.Bet) error {
	roll := crapsState(before).Roll(dice)
	if err := checkNextState(before, roll, after); err != nil {
		return err
	}
	now := make(map[protocol.ID]protocol.Bet, len(lie))
	for _, bet := range lie {
		now[bet.ID] = bet
	}
	for _, bet := range lay {
		if err := checkNextBet(bet, roll, now); err != nil {
			return fmt.Errorf("bet %s of the round before: %w", uuid.UUID(bet.ID), err)
		}
		delete(now, bet.ID)
	}
	for i, bet := range lie {
		if _, placed := now[bet.ID]; placed && !placeable(bet, roll.After) {
			return fmt.Errorf("bets[%d]: a new %s, which can't be placed there then", i, craps.ByCode(bet.Wager).Name)
		}
	}
	return nil
}

// placeable reports whether a table takes the bet as it stands. That odds have what they need, CheckBets finds.
func placeable(bet protocol.Bet, s craps.State) bool {
	wager := craps.ByCode(bet.Wager)
	return wager.Place.Open(s) && (wager.Settles != craps.Pending || bet.Number == 0)
}

func checkNextState(before protocol.State, roll craps.Roll, after protocol.State) error {
	hand, next := before.Hand, roll.After
	if roll.Call == craps.SevenOut {
		hand++
	}
	for _, field := range []struct {
		name      string
		got, want any
	}{
		{"game_id", after.Game, before.Game}, {"round", after.Round, before.Round + 1}, {"hand", after.Hand, hand}, {"rolls", after.Rolls, next.Rolls},
		{"point", after.Point, next.Point}, {"totals", after.Totals, next.Since7.Totals.Counts()}, {"pairs", after.Pairs, uint32(next.Since7.Pairs)},
		{"hard", after.Hard, uint8(next.Since7.Hard)}, {"points_made", after.PointsMade, next.Hand.Made.Counts()}, {"pass_wins", after.PassWins, next.Hand.Wins},
	} {
		if !reflect.DeepEqual(field.got, field.want) {
			return fmt.Errorf("state.%s: %v; behind the round before and its dice it is %v", field.name, field.got, field.want)
		}
	}
	// With a point set, a shooter who leaves makes room for the house, and nobody else comes.
	if after.Point != 0 && after.Shooter != before.Shooter && after.Shooter != (protocol.ID{}) {
		return fmt.Errorf("state.shooter_id: is another one's than in round %d, and a point is set", before.Round)
	}
	return nil
}

// checkNextBet checks what became of one bet.
func checkNextBet(bet protocol.Bet, roll craps.Roll, now map[protocol.ID]protocol.Bet) error {
	next, lies := now[bet.ID]
	wager, rules := craps.ByCode(bet.Wager), craps.Bet{Number: bet.Number, Working: bet.Working}
	result := wager.Resolve(rules, roll)
	switch result.Outcome {
	case craps.Stay:
	case craps.Travel:
		bet.Number, rules.Number = result.Number, result.Number
	default:
		if lies {
			return errors.New("it was decided, and lies there again")
		}
		return nil
	}
	contract := !wager.Removable(rules, roll.After)
	switch {
	case !lies && contract:
		return fmt.Errorf("%s is a contract, and is gone", wager.Name)
	case !lies:
		return nil
	case next.Player != bet.Player || next.Wager != bet.Wager || next.Number != bet.Number || !bytes.Equal(next.Seed, bet.Seed):
		return errors.New("it has another player, wager, number or seed now")
	case next.Amount > bet.Amount || contract && next.Amount != bet.Amount:
		return fmt.Errorf("amount: %d, behind %d", next.Amount, bet.Amount)
	}
	return nil
}
