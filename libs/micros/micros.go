// Package micros is how times lie in tables, on every engine: in microseconds since 1970, and 0 where there is none.
package micros

import "time"

// Of is a time as it lies in a table.
func Of(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Minute is a time as an index has it that need not change with each second.
func Minute(t time.Time) int64 { return Of(t) / time.Minute.Microseconds() }

// Time reads what Of made, in UTC.
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
