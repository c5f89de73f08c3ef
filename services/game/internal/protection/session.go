package protection

import (
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
)

// recordPlay counts the time since the last bet, and begins a session where the last one is over. A session ends some time
// behind its last bet, which counts: who bets seldom plays too.
func (s *State) recordPlay(now time.Time, rules Rules) {
	last := &s.Session
	ended := last.LastBetAt.Add(rules.SessionIdle)
	until := now
	if ended.Before(now) {
		until = ended
	}
	if !last.LastBetAt.IsZero() {
		for _, p := range calendar.Periods {
			w := s.Window(p)
			from := last.LastBetAt
			if from.Before(w.Start) {
				from = w.Start
			}
			w.Played += max(0, until.Sub(from))
		}
	}
	if until.Before(now) || last.LastBetAt.IsZero() {
		s.Session = Session{StartedAt: now, CheckedAt: now}
	}
	if now.After(s.Session.LastBetAt) {
		s.Session.LastBetAt = now
	}
}

// CheckDue reports whether the player is at play and has to take note of how long and for what.
func (s *State) CheckDue(now time.Time, rules Rules) bool {
	return s.Playing(now, rules) && s.At(now).checkReality(now) != nil
}

// Playing reports whether a session goes on.
func (s *State) Playing(now time.Time, rules Rules) bool {
	return !s.Session.LastBetAt.IsZero() && !now.After(s.Session.LastBetAt.Add(rules.SessionIdle))
}

// checkReality fails where a reality check is due.
func (s *State) checkReality(now time.Time) error {
	every := s.Limit(RealityCheck, "").Amount
	if minutes(now.Sub(s.Session.CheckedAt)) < every {
		return nil
	}
	played := minutes(now.Sub(s.Session.StartedAt))
	return errs.New(errorsv1.Reason_REASON_REALITY_CHECK_DUE,
		"you have played for %d minutes, staked %d and are at %+d; take note of it, then go on or stop", played, s.Session.Staked, s.Session.Net).
		With("minutes", played).With("staked", s.Session.Staked).With("net", s.Session.Net)
}

// Acknowledge notes that the player took note.
func (s *State) Acknowledge(now time.Time) {
	s.advance(now)
	if now.After(s.Session.CheckedAt) {
		s.Session.CheckedAt, s.Session.Announced = now, false
	}
}

// AnnounceCheck reports whether a check is due that was not shown yet, and notes that it is.
func (s *State) AnnounceCheck(now time.Time, rules Rules) bool {
	if s.Session.Announced || !s.CheckDue(now, rules) {
		return false
	}
	s.Session.Announced = true
	return true
}
