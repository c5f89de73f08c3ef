// Package simulate plays a wager again and again and measures what the house keeps of it. Every roll and every bet goes
// through the rules that tables settle by, one roll after the other, so the measurement checks the exact edge of package
// edge by a way that has nothing in common with it but the rules.
package simulate

import "github.com/bitcraps/bitcraps/libs/craps"

// Simulation is a table with one player, who bets on one wager whenever he can.
type Simulation struct {
	dice  Dice
	state craps.State
	seat  seat
	// flat is the bet that odds stand behind; nobody counts it. Other wagers have none.
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

// Play rolls the dice so many times more. It returns the error of the dice, and what was played until then counts.
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

// Tally is what happened so far. It shares nothing with the simulation, which may go on.
func (s *Simulation) Tally() Tally {
	tally := s.tally
	tally.Wins = append([]int64(nil), tally.Wins...)
	return tally
}

// bet places what the table takes.
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
