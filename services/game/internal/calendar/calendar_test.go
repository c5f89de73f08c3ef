package calendar_test

import (
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
)

func TestPeriods(t *testing.T) {
	for name, test := range map[string]struct {
		period     calendar.Period
		now        string
		start, end string
	}{
		"a day":                       {calendar.Day, "2026-03-04T23:59:59Z", "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z"},
		"a day of another zone":       {calendar.Day, "2026-03-04T23:59:59-03:00", "2026-03-05T00:00:00Z", "2026-03-06T00:00:00Z"},
		"a week from Monday":          {calendar.Week, "2026-03-04T12:00:00Z", "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z"},
		"Sunday ends a week":          {calendar.Week, "2026-03-08T23:59:59Z", "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z"},
		"a week over the year's end":  {calendar.Week, "2027-01-01T00:00:00Z", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z"},
		"a short month":               {calendar.Month, "2026-02-28T23:59:59Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"},
		"a month over the year's end": {calendar.Month, "2026-12-31T12:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, test.now)
		if err != nil {
			t.Fatal(err)
		}
		if start, end := test.period.Start(now).Format(time.RFC3339), test.period.End(now).Format(time.RFC3339); start != test.start || end != test.end {
			t.Errorf("%s: %s to %s", name, start, end)
		}
	}
}
