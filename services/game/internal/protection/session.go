package protection

import (
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
)

// recordPlay counts the time since the last bet, and begins a session if the last one has ended. A session ends
// Rules.SessionIdle after its last bet, and that time counts too: a player who bets rarely is playing meanwhile.
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

// CheckDue reports whether the player is playing and must acknowledge a reality check.
func (s *State) CheckDue(now time.Time, rules Rules) bool {
	return s.Playing(now, rules) && s.At(now).checkReality(now) != nil
}

// Playing reports whether a session has not ended yet.
func (s *State) Playing(now time.Time, rules Rules) bool {
	return !s.Session.LastBetAt.IsZero() && !now.After(s.Session.LastBetAt.Add(rules.SessionIdle))
}

// checkReality fails if a reality check is due. The error carries its numbers.
func (s *State) checkReality(now time.Time) error {
	every := s.Limit(RealityCheck, "").Amount
	if minutes(now.Sub(s.Session.CheckedAt)) < every {
		return nil
	}
	played := minutes(now.Sub(s.Session.StartedAt))
	return errs.New(errorsv1.Reason_REASON_REALITY_CHECK_DUE,
		"you have played for %d minutes, staked %d and are at %+d; acknowledge this, then continue or stop", played, s.Session.Staked, s.Session.Net).
		WithMetadata("minutes", played).WithMetadata("staked", s.Session.Staked).WithMetadata("net", s.Session.Net)
}

// Acknowledge records that the player acknowledged a reality check.
func (s *State) Acknowledge(now time.Time) {
	s.advance(now)
	if now.After(s.Session.CheckedAt) {
		s.Session.CheckedAt, s.Session.Announced = now, false
	}
}

// AnnounceCheck reports whether a reality check is due that was not announced yet, and marks it as announced.
func (s *State) AnnounceCheck(now time.Time, rules Rules) bool {
	if s.Session.Announced || !s.CheckDue(now, rules) {
		return false
	}
	s.Session.Announced = true
	return true
}
