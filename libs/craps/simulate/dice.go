package simulate

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2" //nolint:depguard // No money depends on these dice, and a seed must reproduce them; the rules are given theirs.
	"strings"

	"github.com/bitcraps/bitcraps/libs/craps"
)

// Dice is a source of rolls.
type Dice interface {
	// Next returns the next roll.
	Next() (craps.Dice, error)
}

// Seeded returns dice that are reproducible by their seed: a permuted congruential generator (O'Neill, 2014), whose bits become one of
// the 36 outcomes by Lemire's method, which is unbiased.
func Seeded(seed uint64) Dice { return seeded{rand.New(rand.NewPCG(seed, 0))} }

type seeded struct{ random *rand.Rand }

func (s seeded) Next() (craps.Dice, error) { return outcomes[s.random.Uint32N(36)], nil }

var outcomes = func() (all [36]craps.Dice) {
	for i := range all {
		all[i] = craps.Dice{First: uint8(i/6 + 1), Second: uint8(i%6 + 1)}
	}
	return all
}()

// ErrNoMoreRolls is returned by recorded dice after the last roll.
var ErrNoMoreRolls = errors.New("there are no more recorded rolls")

// Recorded returns dice that repeat recorded rolls.
func Recorded(rolls []craps.Dice) Dice { return &recorded{rolls} }

type recorded struct{ rest []craps.Dice }

func (r *recorded) Next() (craps.Dice, error) {
	if len(r.rest) == 0 {
		return craps.Dice{}, ErrNoMoreRolls
	}
	next := r.rest[0]
	r.rest = r.rest[1:]
	return next, nil
}

// ReadDice reads recorded rolls, one per line, "3 5" for a three and a five. Empty lines are ignored.
func ReadDice(r io.Reader) ([]craps.Dice, error) {
	var rolls []craps.Dice
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 2 {
			return nil, fmt.Errorf("line %d: a roll is two numbers, such as 3 5, not %q", number, lines.Text())
		}
		var dice [2]uint8
		for i, field := range fields {
			if len(field) != 1 || field < "1" || field > "6" {
				return nil, fmt.Errorf("line %d: a die shows 1 to 6, not %q", number, field)
			}
			dice[i] = field[0] - '0'
		}
		rolls = append(rolls, craps.Dice{First: dice[0], Second: dice[1]})
	}
	return rolls, lines.Err()
}
