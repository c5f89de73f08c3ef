package remedy

import (
	"fmt"
	"slices"
	"time"
)

// meter counts what was done in the last hour: exactly, since a bucket that refills would allow twice as much in some hours.
type meter struct {
	limits Limits
	all    []time.Time
	each   map[string][]time.Time // By target, so as many as the policy has.
}

// take says why nothing may be done to a target now, or counts that it is.
func (m *meter) take(target string, now time.Time) error {
	m.all = recent(m.all, now)
	m.each[target] = recent(m.each[target], now)
	done := m.each[target]
	switch {
	case len(done) > 0 && now.Sub(done[len(done)-1]) < m.limits.TargetPause:
		return fmt.Errorf("%w: %s was acted on less than %s ago (limits.target_pause)", ErrLimit, target, m.limits.TargetPause)
	case len(done) >= m.limits.TargetPerHour:
		return fmt.Errorf("%w: %s was acted on %d times within an hour (limits.target_per_hour)", ErrLimit, target, len(done))
	case len(m.all) >= m.limits.PerHour:
		return fmt.Errorf("%w: %d actions were taken within an hour (limits.per_hour)", ErrLimit, len(m.all))
	}
	m.all, m.each[target] = append(m.all, now), append(done, now)
	return nil
}

// giveBack uncounts what was counted at a time, since nothing was done then.
func (m *meter) giveBack(target string, taken time.Time) {
	m.all, m.each[target] = without(m.all, taken), without(m.each[target], taken)
}

// without drops one of the times.
func without(times []time.Time, taken time.Time) []time.Time {
	i := slices.IndexFunc(times, taken.Equal)
	if i < 0 { // It was an hour ago.
		return times
	}
	return slices.Delete(times, i, i+1)
}

// recent drops what is older than an hour.
func recent(times []time.Time, now time.Time) []time.Time {
	return slices.DeleteFunc(times, func(t time.Time) bool { return now.Sub(t) >= time.Hour })
}
