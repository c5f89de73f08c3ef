package protection

import (
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
)

// MayBet fails if the player's own settings forbid a bet: during an exclusion, over a limit, or while a due reality check
// is not acknowledged. cost is the stake with its commission.
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

// checkLimit fails if a bet would exceed a limit. A bet counts as lost until it is returned, so that all live bets may lose
// without exceeding it.
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
	return errs.New(errorsv1.Reason_REASON_LIMIT_EXCEEDED, "your %s limit of %d a %s leaves no room for this; it resets at %s",
		limit.Kind, limit.Amount, limit.Period, resets.Format(time.RFC3339)).
		WithMetadata("kind", limit.Kind).WithMetadata("period", limit.Period).WithMetadata("limit", limit.Amount).WithMetadata("used", w.Used(limit.Kind)).
		WithMetadata("resets_at", resets.Format(time.RFC3339))
}

// RecordBet counts a bet that was placed: its stake, and the time played since the last bet.
func (s *State) RecordBet(stake int64, now time.Time, rules Rules) {
	s.advance(now)
	s.recordPlay(now, rules)
	s.Session.Staked += stake
	for _, p := range calendar.Periods {
		s.Window(p).Staked += stake
	}
}

// RecordRefund subtracts a stake, or a part of one, that was returned before its first roll. Windows that began after the bet was
// placed did not count it, nor did a State created after it.
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

// RecordTransfer counts a transfer of a bet's money: the changes of the player's wallet and of the player's bets in play.
func (s *State) RecordTransfer(wallet, table int64, now time.Time) {
	s.advance(now)
	s.InPlay += table
	s.Session.Net += wallet
	for _, p := range calendar.Periods {
		s.Window(p).Lost -= wallet
	}
}
