// Package micros is how times are stored in tables, on every engine: in microseconds since 1970, and 0 where there is none.
package micros

import "time"

// Of is a time as it is stored in a table.
func Of(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Minute rounds a time down to minutes, so that an indexed column changes at most once a minute.
func Minute(t time.Time) int64 { return Of(t) / time.Minute.Microseconds() }

// Time reads what Of made, in UTC.
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
