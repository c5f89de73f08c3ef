package protection

import (
	"slices"
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
)

// Kind is what a limit counts.
type Kind string

// The kinds of limits.
const (
	// Stake counts the tokens of all bets, whatever comes of them.
	Stake Kind = "stake"
	// Loss counts the tokens that went onto tables and did not come back.
	Loss Kind = "loss"
	// SessionTime counts minutes of play.
	SessionTime Kind = "session_time"
	// RealityCheck is how many minutes a session may go on before the player is told. It has no period.
	RealityCheck Kind = "reality_check"
)

// Limit is what a player has set.
type Limit struct {
	Kind   Kind            `json:"kind"`
	Period calendar.Period `json:"period,omitempty"`
	// Amount binds now: tokens or minutes.
	Amount int64 `json:"amount"`
	// Next binds from NextAt on, where that is set.
	Next   int64     `json:"next,omitempty"`
	NextAt time.Time `json:"next_at,omitzero"`
}

func (l Limit) is(kind Kind, period calendar.Period) bool {
	return l.Kind == kind && l.Period == period
}

// Limit returns the limit of a kind and a period; one that was not set does not bind.
func (s *State) Limit(kind Kind, period calendar.Period) Limit {
	for _, l := range s.Limits {
		if l.is(kind, period) {
			return l
		}
	}
	return Limit{Kind: kind, Period: period, Amount: Unlimited}
}

// SetLimit changes a limit; Unlimited removes it. A lower one binds at once, a higher one when the delay is over. To ask
// again for what waits already changes nothing.
func (s *State) SetLimit(kind Kind, period calendar.Period, amount int64, now time.Time, rules Rules) error {
	if most := minutes(period.End(now).Sub(period.Start(now))); kind == SessionTime && amount != Unlimited && amount > most {
		return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "amount is %d; a %s has %d minutes", amount, period, most).
			Field("amount", "must be minutes of the period")
	}
	s.advance(now)
	l := s.Limit(kind, period)
	switch {
	case amount <= l.Amount:
		l = Limit{Kind: kind, Period: period, Amount: amount}
	case l.NextAt.IsZero() || amount > l.Next:
		l.Next, l.NextAt = amount, now.Add(rules.IncreaseDelay)
	default:
		l.Next = amount // Less than what waits comes no later.
	}
	s.Limits = slices.DeleteFunc(slices.Clone(s.Limits), func(l Limit) bool { return l.is(kind, period) })
	if l.Amount != Unlimited {
		s.Limits = append(s.Limits, l)
	}
	return nil
}

// limitsAt returns the limits as they bind at a moment. It leaves the slice as it is: others may share it.
func limitsAt(limits []Limit, now time.Time) []Limit {
	isDue := func(l Limit) bool { return !l.NextAt.IsZero() && !l.NextAt.After(now) }
	if !slices.ContainsFunc(limits, isDue) {
		return limits
	}
	var effective []Limit
	for _, l := range limits {
		if isDue(l) {
			l = Limit{Kind: l.Kind, Period: l.Period, Amount: l.Next}
		}
		if l.Amount != Unlimited {
			effective = append(effective, l)
		}
	}
	return effective
}

// Used is how much of a limit a window has used.
func (w *Window) Used(kind Kind) int64 {
	switch kind {
	case Stake:
		return w.Staked
	case Loss:
		return max(0, w.Lost)
	}
	return minutes(w.Played)
}

func minutes(d time.Duration) int64 { return int64(d / time.Minute) }
