// Package simulate measures the house edge of a wager by Monte Carlo simulation. It plays the wager roll by roll under the rules that
// tables settle by, so it checks the exact edge of package edge by a method that shares nothing with that package but the rules.
package simulate

import "github.com/bitcraps/bitcraps/libs/craps"

// Simulation is a table with one player, who bets on one wager whenever it can be placed.
type Simulation struct {
	dice  Dice
	state craps.State
	seat  seat
	// flat is the bet that odds stand behind; it is not counted. It is nil for other wagers.
	flat  *seat
	tally Tally
}

// New opens a table for a wager.
func New(w *craps.Wager, dice Dice) *Simulation {
	s := &Simulation{dice: dice, seat: seat{wager: w}, tally: Tally{Wins: make([]int64, len(w.Pays))}}
	if w.Behind != nil {
		s.flat = &seat{wager: w.Behind}
	}
	return s
}

// Play rolls the dice a number of times. If the dice return an error, it stops and returns that; the rolls before count.
func (s *Simulation) Play(rolls int64) error {
	for range rolls {
		s.bet()
		dice, err := s.dice.Next()
		if err != nil {
			return err
		}
		roll := s.state.Roll(dice)
		s.tally.Rolls++
		s.settle(&roll)
		s.state = roll.After
	}
	return nil
}

// Tally returns a copy of the counts so far.
func (s *Simulation) Tally() Tally {
	tally := s.tally
	tally.Wins = append([]int64(nil), tally.Wins...)
	return tally
}

// bet places the bets that the table accepts now.
func (s *Simulation) bet() {
	if s.flat != nil && !s.flat.live && s.flat.wager.Place.Open(s.state) {
		s.flat.place(0)
	}
	if s.seat.live || !s.seat.wager.Place.Open(s.state) {
		return
	}
	number := uint8(0)
	if s.flat != nil {
		if number = s.flat.number(s.state); number == 0 {
			return
		}
	}
	s.seat.place(number)
	s.tally.Placed++
}

func (s *Simulation) settle(roll *craps.Roll) {
	if s.seat.live {
		if result := s.seat.settle(roll); !s.seat.live {
			s.tally.add(&s.seat, result)
		}
	}
	if s.flat != nil && s.flat.live {
		s.flat.settle(roll)
	}
}
