package protection

import (
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// The kinds of exclusions.
const (
	CoolOff       = "cool_off"
	SelfExclusion = "self_exclusion"
)

// How long exclusions are, in days.
const (
	minCoolOff, maxCoolOff             = 1, 42
	minSelfExclusion, maxSelfExclusion = 180, 1825
)

// permanentUntil is until when an exclusion lasts that has no end.
var permanentUntil = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

// Permanent reports whether an exclusion has no end.
func (e Exclusion) Permanent() bool { return !e.Until.Before(permanentUntil) }

// Exclude keeps the player from playing for so many days; 0 is for ever. It can be made longer and never shorter.
func (s *State) Exclude(kind string, days int, now time.Time) error {
	least, most := minCoolOff, maxCoolOff
	if kind == SelfExclusion {
		least, most = minSelfExclusion, maxSelfExclusion
	}
	until := now.UTC().AddDate(0, 0, days) // Where clocks change, a day can have 23 hours.
	if days == 0 && kind == SelfExclusion {
		until = permanentUntil
	} else if days < least || days > most {
		return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "days is %d; a %s is for %d to %d days", days, kind, least, most).
			Field("days", "must be in the range of the kind")
	}
	if s.Exclusion.Until.After(until) {
		return errs.New(errorsv1.Reason_REASON_EXCLUSION_STANDS, "you are excluded until %s; that can be made longer, not shorter",
			s.Exclusion.Until.Format(time.RFC3339)).With("until", s.Exclusion.Until.Format(time.RFC3339))
	}
	if s.excluded(now) && s.Exclusion.Kind == SelfExclusion {
		kind = SelfExclusion // A longer pause does not make it a milder one.
	}
	s.Exclusion = Exclusion{Kind: kind, Until: until}
	return nil
}

func (s *State) excluded(now time.Time) bool { return now.Before(s.Exclusion.Until) }

// MayPlay fails where the player is excluded. It is asked before a player sits down, before each bet, and before one that rests is
// to work; whoever is excluded may still take bets back, have them rest, leave, and be paid.
func (s *State) MayPlay(now time.Time) error {
	if s == nil || !s.excluded(now) {
		return nil
	}
	until := s.Exclusion.Until.Format(time.RFC3339)
	return errs.New(errorsv1.Reason_REASON_SELF_EXCLUDED, "you have excluded yourself from play until %s; bets on tables stand, and can be taken back as their rules allow", until).
		With("kind", s.Exclusion.Kind).With("until", until)
}
