package lab

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// arguments are the parsed words after a command's name.
type arguments struct {
	wager   string
	amount  int64
	number  uint8
	working bool
	dice    craps.Dice
}

// command is a verb of the script language.
type command struct {
	usage string
	// required are the arguments that must be given, and optional those that may follow.
	required, optional []argument
	do                 func(*table, uuid.UUID, arguments) (*play.Turn, error)
}

// argument parses one word into arguments.
type argument func(*arguments, string) error

func wagerName(a *arguments, word string) error { a.wager = word; return nil }

func stake(a *arguments, word string) (err error) {
	a.amount, err = number(word, -1<<62, 1<<62) // The table decides whether it is a valid stake.
	return err
}

// numberOrWorking parses the number that odds stand on, or the word "working".
func numberOrWorking(a *arguments, word string) error {
	if word == "working" {
		a.working = true
		return nil
	}
	return betNumber(a, word)
}

func betNumber(a *arguments, word string) error {
	n, err := number(word, 2, 12)
	a.number = uint8(n)
	return err
}

func workingFlag(a *arguments, word string) error {
	if a.working = word == "on"; !a.working && word != "off" {
		return fmt.Errorf("%q is neither on nor off", word)
	}
	return nil
}

func firstDie(a *arguments, word string) error {
	n, err := number(word, 1, 6)
	a.dice.First = uint8(n)
	return err
}

func secondDie(a *arguments, word string) error {
	n, err := number(word, 1, 6)
	a.dice.Second = uint8(n)
	return err
}

func parse(c command, words []string) (arguments, error) {
	var a arguments
	if len(words) < len(c.required) || len(words) > len(c.required)+len(c.optional) {
		return a, errors.New("too few or too many words")
	}
	for i, read := range append(append([]argument(nil), c.required...), c.optional...)[:len(words)] {
		if err := read(&a, words[i]); err != nil {
			return a, err
		}
	}
	return a, nil
}

var commands = map[string]command{
	"bet": {usage: "bet WAGER AMOUNT [NUMBER] [working]", required: []argument{wagerName, stake}, optional: []argument{numberOrWorking, numberOrWorking},
		do: func(t *table, player uuid.UUID, a arguments) (*play.Turn, error) {
			if a.amount <= 0 {
				return nil, errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "amount is %d; it must be more than 0", a.amount)
			}
			return t.do(func(turn *play.Turn) error {
				_, err := turn.PlaceBet(play.NewBet{Player: player, Wager: a.wager, Amount: a.amount, Number: a.number, Working: a.working})
				return err
			})
		}},
	"roll": {usage: "roll DIE DIE", required: []argument{firstDie, secondDie},
		do: func(t *table, _ uuid.UUID, a arguments) (*play.Turn, error) { return t.roll(a.dice) }},
	"working": {usage: "working WAGER on|off [NUMBER]", required: []argument{wagerName, workingFlag}, optional: []argument{betNumber},
		do: onBet(func(turn *play.Turn, bet *play.Bet, a arguments) error {
			return turn.UpdateBet(bet, play.BetChange{Working: &a.working})
		})},
	"reduce": {usage: "reduce WAGER AMOUNT [NUMBER]", required: []argument{wagerName, stake}, optional: []argument{betNumber},
		do: onBet(func(turn *play.Turn, bet *play.Bet, a arguments) error {
			return turn.UpdateBet(bet, play.BetChange{Amount: &a.amount})
		})},
	"remove": {usage: "remove WAGER [NUMBER]", required: []argument{wagerName}, optional: []argument{betNumber},
		do: onBet(func(turn *play.Turn, bet *play.Bet, _ arguments) error { return turn.RemoveBet(bet) })},
	"pass": {usage: "pass", do: func(t *table, player uuid.UUID, _ arguments) (*play.Turn, error) {
		return t.do(func(turn *play.Turn) error { return turn.PassDice(player) })
	}},
	"leave": {usage: "leave", do: func(t *table, player uuid.UUID, _ arguments) (*play.Turn, error) {
		return t.do(func(turn *play.Turn) error { return turn.Leave(player) })
	}},
}

// onBet returns a command on one of the player's live bets.
func onBet(do func(*play.Turn, *play.Bet, arguments) error) func(*table, uuid.UUID, arguments) (*play.Turn, error) {
	return func(t *table, player uuid.UUID, a arguments) (*play.Turn, error) {
		return t.do(func(turn *play.Turn) error {
			wager := craps.ByName(a.wager)
			if wager == nil {
				return errs.New(errorsv1.Reason_REASON_WAGER_UNKNOWN, "no wager is called %q", a.wager)
			}
			bet := liveBet(turn, player, wager, a.number)
			if bet == nil {
				return errs.New(errorsv1.Reason_REASON_BET_NOT_FOUND, "you have no live %s bet", wager.Name)
			}
			return do(turn, bet, a)
		})
	}
}
