// Package calendar is the days, weeks and months that things are counted in, by UTC.
package calendar

import "time"

// Period is how long something is counted: a day from midnight UTC, a week from Monday, a month from its first day.
type Period string

// The periods.
const (
	Day   Period = "day"
	Week  Period = "week"
	Month Period = "month"
)

// Periods are all of them.
var Periods = []Period{Day, Week, Month}

// Start is when the window began that a moment is in.
func (p Period) Start(now time.Time) time.Time {
	year, month, day := now.UTC().Date()
	switch p {
	case Week:
		day -= (int(now.UTC().Weekday()) + 6) % 7 // ISO 8601: a week begins on Monday.
	case Month:
		day = 1
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// End is when the window ends that a moment is in.
func (p Period) End(now time.Time) time.Time {
	start := p.Start(now)
	switch p {
	case Week:
		return start.AddDate(0, 0, 7)
	case Month:
		return start.AddDate(0, 1, 0)
	}
	return start.AddDate(0, 0, 1)
}
