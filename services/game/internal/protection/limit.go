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
	// Stake counts the tokens of all bets, whatever their outcome.
	Stake Kind = "stake"
	// Loss counts the tokens that were paid for bets and not returned.
	Loss Kind = "loss"
	// SessionTime counts minutes of play.
	SessionTime Kind = "session_time"
	// RealityCheck counts the minutes of a session between reality checks. It has no period.
	RealityCheck Kind = "reality_check"
)

// Limit is a limit that a player has set.
type Limit struct {
	Kind   Kind            `json:"kind"`
	Period calendar.Period `json:"period,omitempty"`
	// Amount is the limit in force: tokens or minutes.
	Amount int64 `json:"amount"`
	// Next takes effect at NextAt, if that is set.
	Next   int64     `json:"next,omitempty"`
	NextAt time.Time `json:"next_at,omitzero"`
}

func (l Limit) is(kind Kind, period calendar.Period) bool {
	return l.Kind == kind && l.Period == period
}

// Limit returns the limit of a kind and a period; Unlimited if none was set.
func (s *State) Limit(kind Kind, period calendar.Period) Limit {
	for _, l := range s.Limits {
		if l.is(kind, period) {
			return l
		}
	}
	return Limit{Kind: kind, Period: period, Amount: Unlimited}
}

// SetLimit changes a limit; Unlimited removes it. A lower limit takes effect at once, a higher one after the delay. Repeating a
// pending increase changes nothing.
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
		l.Next = amount // A smaller increase than the pending one does not restart the delay.
	}
	s.Limits = slices.DeleteFunc(slices.Clone(s.Limits), func(l Limit) bool { return l.is(kind, period) })
	if l.Amount != Unlimited {
		s.Limits = append(s.Limits, l)
	}
	return nil
}

// limitsAt returns the limits in force at a time. It does not change the slice, which others may share.
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

// Used returns how much of a limit of that kind is used up in the window.
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
