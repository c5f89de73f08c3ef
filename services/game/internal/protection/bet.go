package protection

import (
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
)

// MayBet fails where the player has said that a bet must not be: during a pause, over a limit, or before the player has
// taken note of a reality check. cost is the stake with its commission.
func (s *State) MayBet(stake, cost int64, now time.Time, rules Rules) error {
	if err := s.MayPlay(now); err != nil {
		return err
	}
	next := s.At(now)
	next.recordPlay(now, rules)
	for _, limit := range next.Limits {
		if err := next.checkLimit(limit, stake, cost, now); err != nil {
			return err
		}
	}
	return nil
}

// checkLimit fails where a bet would break a limit. A bet counts as lost until it comes back, so that all bets on tables may
// lose without breaking it.
func (s *State) checkLimit(limit Limit, stake, cost int64, now time.Time) error {
	if limit.Kind == RealityCheck {
		return s.checkReality(now)
	}
	w := s.Window(limit.Period)
	left := map[Kind]int64{Stake: limit.Amount - w.Staked - stake, Loss: limit.Amount - w.Lost - cost, SessionTime: limit.Amount - minutes(w.Played) - 1}[limit.Kind]
	if left >= 0 {
		return nil
	}
	resets := limit.Period.End(now)
	return errs.New(errorsv1.Reason_REASON_LIMIT_EXCEEDED, "your %s limit of %d a %s leaves no room for this; it begins anew at %s",
		limit.Kind, limit.Amount, limit.Period, resets.Format(time.RFC3339)).
		With("kind", limit.Kind).With("period", limit.Period).With("limit", limit.Amount).With("used", w.Used(limit.Kind)).
		With("resets_at", resets.Format(time.RFC3339))
}

// RecordBet notes that a bet was placed: the player is at play, and has staked so much.
func (s *State) RecordBet(stake int64, now time.Time, rules Rules) {
	s.advance(now)
	s.recordPlay(now, rules)
	s.Session.Staked += stake
	for _, p := range calendar.Periods {
		s.Window(p).Staked += stake
	}
}

// RecordRefund takes back that a stake was, or a part of it: no roll came between. Windows that began since keep it out, and so does
// a state that did.
func (s *State) RecordRefund(stake int64, placedAt, now time.Time) {
	s.advance(now)
	if placedAt.Before(s.Since) {
		return
	}
	if !placedAt.Before(s.Session.StartedAt) {
		s.Session.Staked -= stake
	}
	for _, p := range calendar.Periods {
		if w := s.Window(p); !placedAt.Before(w.Start) {
			w.Staked -= stake
		}
	}
}

// RecordTransfer counts money of a bet: what the player's wallet and the player's part of the table gained.
func (s *State) RecordTransfer(wallet, table int64, now time.Time) {
	s.advance(now)
	s.InPlay += table
	s.Session.Net += wallet
	for _, p := range calendar.Periods {
		s.Window(p).Lost -= wallet
	}
}
