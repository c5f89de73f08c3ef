// Package micros converts times to and from the form in which database tables store them, on every engine: microseconds since 1970,
// and 0 for the zero time.
package micros

import "time"

// Of returns a time as tables store it.
func Of(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Minute returns a time in whole minutes since 1970, rounded down, so that an indexed column changes at most once a minute.
func Minute(t time.Time) int64 { return Of(t) / time.Minute.Microseconds() }

// Time is the inverse of Of. The time is in UTC.
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
