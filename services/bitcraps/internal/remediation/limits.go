package remediation

import (
	"fmt"
	"slices"
	"time"
)

// actionLimiter counts the actions of the last hour, in a sliding window: a token bucket would allow twice as many in some hours.
type actionLimiter struct {
	limits   Limits
	all      []time.Time
	byTarget map[string][]time.Time // By target; the policy bounds how many.
}

// reserve counts an action on a target, or fails where a limit does not allow it now.
func (m *actionLimiter) reserve(target string, now time.Time) error {
	m.all = recent(m.all, now)
	m.byTarget[target] = recent(m.byTarget[target], now)
	done := m.byTarget[target]
	switch {
	case len(done) > 0 && now.Sub(done[len(done)-1]) < m.limits.TargetPause:
		return fmt.Errorf("%w: %s was acted on less than %s ago (limits.target_pause)", ErrLimit, target, m.limits.TargetPause)
	case len(done) >= m.limits.TargetPerHour:
		return fmt.Errorf("%w: %s was acted on %d times within an hour (limits.target_per_hour)", ErrLimit, target, len(done))
	case len(m.all) >= m.limits.PerHour:
		return fmt.Errorf("%w: %d actions were taken within an hour (limits.per_hour)", ErrLimit, len(m.all))
	}
	m.all, m.byTarget[target] = append(m.all, now), append(done, now)
	return nil
}

// release undoes the reservation that was made at a time, for an action that did nothing.
func (m *actionLimiter) release(target string, reserved time.Time) {
	m.all, m.byTarget[target] = without(m.all, reserved), without(m.byTarget[target], reserved)
}

// without removes one of the times.
func without(times []time.Time, reserved time.Time) []time.Time {
	i := slices.IndexFunc(times, reserved.Equal)
	if i < 0 { // It has left the window.
		return times
	}
	return slices.Delete(times, i, i+1)
}

// recent removes the times that are older than an hour.
func recent(times []time.Time, now time.Time) []time.Time {
	return slices.DeleteFunc(times, func(t time.Time) bool { return now.Sub(t) >= time.Hour })
}
