package simulate

import "github.com/bitcraps/bitcraps/libs/craps"

// seat holds one live bet on a wager, or none.
type seat struct {
	wager      *craps.Wager
	live       bool
	bet        craps.Bet
	stake      int64
	commission int64
}

// place bets the smallest stake that pays exactly.
func (s *seat) place(number uint8) {
	s.live, s.bet = true, craps.Bet{Number: number}
	s.stake = s.wager.Multiple(number)
	s.commission = s.wager.CommissionFor(s.stake)
}

// settle applies a roll to the bet.
func (s *seat) settle(roll *craps.Roll) craps.Result {
	result := s.wager.Resolve(s.bet, *roll)
	switch result.Outcome {
	case craps.Stay:
	case craps.Travel:
		s.bet.Number = result.Number
	default:
		s.live = false
	}
	return result
}

// number returns the number that odds behind the bet would stand on: the one that a come bet travelled to, or the point. It is 0 if
// there is no such number yet.
func (s *seat) number(state craps.State) uint8 {
	switch {
	case !s.live:
		return 0
	case s.bet.Number == 0 && s.wager.Place == craps.OnComeOut:
		return state.Point
	}
	return s.bet.Number
}
