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

// CheckNext checks that a round's state and bets follow from those of the round before and its dice. It allows what players may do
// between two rolls: place bets while their wagers are open, reduce and take back bets that are not contracts, and pass the dice
// before a point is set.
func CheckNext(before protocol.State, betsBefore []protocol.Bet, dice craps.Dice, after protocol.State, betsAfter []protocol.Bet) error {
	roll := crapsState(before).Roll(dice)
	if err := checkNextState(before, roll, after); err != nil {
		return err
	}
	remaining := make(map[protocol.ID]protocol.Bet, len(betsAfter))
	for _, bet := range betsAfter {
		remaining[bet.ID] = bet
	}
	for _, bet := range betsBefore {
		if err := checkNextBet(bet, roll, remaining); err != nil {
			return fmt.Errorf("bet %s of the round before: %w", uuid.UUID(bet.ID), err)
		}
		delete(remaining, bet.ID)
	}
	for i, bet := range betsAfter {
		if _, placed := remaining[bet.ID]; placed && !placeable(bet, roll.After) {
			return fmt.Errorf("bets[%d]: a new %s, which can't be placed in that state", i, craps.ByCode(bet.Wager).Name)
		}
	}
	return nil
}

// placeable reports whether the bet can be placed in the state. CheckBets has checked that odds have their flat bet.
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
			return fmt.Errorf("state.%s: %v; after the round before and its dice it is %v", field.name, field.got, field.want)
		}
	}
	// While a point is set, the house takes the dice of a shooter who leaves; nobody else can get them.
	if after.Point != 0 && after.Shooter != before.Shooter && after.Shooter != (protocol.ID{}) {
		return fmt.Errorf("state.shooter_id: differs from that of round %d, while a point is set", before.Round)
	}
	return nil
}

// checkNextBet checks that a bet is, or is missing, among the bets after the roll as the rules allow.
func checkNextBet(bet protocol.Bet, roll craps.Roll, after map[protocol.ID]protocol.Bet) error {
	next, live := after[bet.ID]
	wager, rules := craps.ByCode(bet.Wager), craps.Bet{Number: bet.Number, Working: bet.Working}
	result := wager.Resolve(rules, roll)
	switch result.Outcome {
	case craps.Stay:
	case craps.Travel:
		bet.Number, rules.Number = result.Number, result.Number
	default:
		if live {
			return errors.New("it was decided, and is on the table again")
		}
		return nil
	}
	contract := !wager.Removable(rules, roll.After)
	switch {
	case !live && contract:
		return fmt.Errorf("%s is a contract, and is gone", wager.Name)
	case !live:
		return nil
	case next.Player != bet.Player || next.Wager != bet.Wager || next.Number != bet.Number || !bytes.Equal(next.Seed, bet.Seed):
		return errors.New("it has another player, wager, number or seed now")
	case next.Amount > bet.Amount || contract && next.Amount != bet.Amount:
		return fmt.Errorf("amount: %d, after %d", next.Amount, bet.Amount)
	}
	return nil
}
