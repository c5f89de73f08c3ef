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

// The shortest and longest exclusions, in days.
const (
	minCoolOff, maxCoolOff             = 1, 42
	minSelfExclusion, maxSelfExclusion = 180, 1825
)

// permanentUntil is the end of a permanent exclusion.
var permanentUntil = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

// Permanent reports whether the exclusion has no end.
func (e Exclusion) Permanent() bool { return !e.Until.Before(permanentUntil) }

// Exclude excludes the player from play for a number of days; a self-exclusion of 0 days is permanent. An exclusion can be
// extended, never shortened.
func (s *State) Exclude(kind string, days int, now time.Time) error {
	least, most := minCoolOff, maxCoolOff
	if kind == SelfExclusion {
		least, most = minSelfExclusion, maxSelfExclusion
	}
	until := now.UTC().AddDate(0, 0, days) // In UTC, because with daylight saving time a day can have 23 hours.
	if days == 0 && kind == SelfExclusion {
		until = permanentUntil
	} else if days < least || days > most {
		return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "days is %d; a %s is for %d to %d days", days, kind, least, most).
			Field("days", "must be in the range of the kind")
	}
	if s.Exclusion.Until.After(until) {
		return errs.New(errorsv1.Reason_REASON_EXCLUSION_STANDS, "you are excluded until %s; that can be made longer, not shorter",
			s.Exclusion.Until.Format(time.RFC3339)).WithMetadata("until", s.Exclusion.Until.Format(time.RFC3339))
	}
	if s.excluded(now) && s.Exclusion.Kind == SelfExclusion {
		kind = SelfExclusion // A longer cool-off does not turn a self-exclusion into a cool-off.
	}
	s.Exclusion = Exclusion{Kind: kind, Until: until}
	return nil
}

func (s *State) excluded(now time.Time) bool { return now.Before(s.Exclusion.Until) }

// MayPlay fails if the player is excluded. It must be called before a player is seated, before each bet, and before a resting bet is
// set to work; an excluded player may still take bets back, let them rest, leave, and be paid.
func (s *State) MayPlay(now time.Time) error {
	if s == nil || !s.excluded(now) {
		return nil
	}
	until := s.Exclusion.Until.Format(time.RFC3339)
	return errs.New(errorsv1.Reason_REASON_SELF_EXCLUDED, "you have excluded yourself from play until %s; bets on tables stand, and can be taken back as their rules allow", until).
		WithMetadata("kind", s.Exclusion.Kind).WithMetadata("until", until)
}
