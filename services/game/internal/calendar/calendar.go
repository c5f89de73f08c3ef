// Package calendar provides the calendar periods of limits and scores: days, weeks and months in UTC.
package calendar

import "time"

// Period is a calendar period: a day from midnight UTC, a week from Monday, a month from its first day.
type Period string

// The periods.
const (
	Day   Period = "day"
	Week  Period = "week"
	Month Period = "month"
)

// Periods are all periods.
var Periods = []Period{Day, Week, Month}

// Start returns the beginning of the period that contains a time.
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

// End returns the end of the period that contains a time, which is the beginning of the next one.
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
