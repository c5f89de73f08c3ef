package protection_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

var (
	rules = protection.Rules{IncreaseDelay: 24 * time.Hour, SessionIdle: 15 * time.Minute}
	noon  = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC) // A Wednesday.
)

func expectReason(t *testing.T, err error, want errorsv1.Reason) {
	t.Helper()
	if got := errs.Reason(err); got != want {
		t.Errorf("%v is %s, want %s", err, got, want)
	}
}

func TestLimitIncreaseIsDelayed(t *testing.T) {
	s := protection.New(0, noon)
	at := noon
	for i, step := range []struct {
		after  time.Duration
		set    int64 // -1 sets nothing.
		amount int64
	}{
		{0, 100, 100},              // The first limit is a lower one.
		{0, 500, 100},              // Higher: tomorrow.
		{12 * time.Hour, 400, 100}, // A smaller increase does not restart the delay:
		{12*time.Hour - time.Microsecond, -1, 100}, // not a moment before,
		{time.Microsecond, -1, 400},                // and then it takes effect.
		{0, protection.Unlimited, 400},
		{time.Hour, 300, 300}, // Lower: at once, and the pending increase is dropped.
		{48 * time.Hour, -1, 300},
		{0, protection.Unlimited, 300},
		{24 * time.Hour, -1, protection.Unlimited},
	} {
		at = at.Add(step.after)
		if step.set >= 0 {
			if err := s.SetLimit(protection.Stake, calendar.Day, step.set, at, rules); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.At(at).Limit(protection.Stake, calendar.Day).Amount; got != step.amount {
			t.Errorf("step %d: the limit is %d, want %d", i, got, step.amount)
		}
	}
	expectReason(t, s.SetLimit(protection.SessionTime, calendar.Day, 1441, at, rules), errorsv1.Reason_REASON_INVALID_FIELD)
}

func TestExclusionsAreNotShortened(t *testing.T) {
	s := protection.New(0, noon)
	for name, bad := range map[string]struct {
		kind string
		days int
	}{"no cool-off": {protection.CoolOff, 0}, "too long": {protection.CoolOff, 43}, "too short": {protection.SelfExclusion, 179}, "below zero": {protection.SelfExclusion, -1}} {
		t.Run(name, func(t *testing.T) {
			expectReason(t, s.Exclude(bad.kind, bad.days, noon), errorsv1.Reason_REASON_INVALID_FIELD)
		})
	}
	if err := s.Exclude(protection.CoolOff, 2, noon); err != nil {
		t.Fatal(err)
	}
	expectReason(t, s.MayBet(1, 1, noon.Add(48*time.Hour-1), rules), errorsv1.Reason_REASON_SELF_EXCLUDED)
	expectReason(t, s.MayPlay(noon.Add(48*time.Hour)), errorsv1.Reason_REASON_UNSPECIFIED)
	expectReason(t, s.Exclude(protection.CoolOff, 1, noon), errorsv1.Reason_REASON_EXCLUSION_STANDS)
	if err := s.Exclude(protection.SelfExclusion, 180, noon); err != nil {
		t.Fatal(err)
	}
	expectReason(t, s.Exclude(protection.CoolOff, 42, noon), errorsv1.Reason_REASON_EXCLUSION_STANDS)
	late := noon.AddDate(0, 0, 170)
	if err := s.Exclude(protection.CoolOff, 42, late); err != nil || s.Exclusion.Kind != protection.SelfExclusion || !s.Exclusion.Until.Equal(late.AddDate(0, 0, 42)) {
		t.Errorf("a cool-off that ends after the self-exclusion: %v, %v", s.Exclusion, err)
	}
	if err := s.Exclude(protection.SelfExclusion, 0, noon); err != nil || !s.Exclusion.Permanent() {
		t.Error(err, s.Exclusion)
	}
	expectReason(t, s.Exclude(protection.SelfExclusion, 1825, noon), errorsv1.Reason_REASON_EXCLUSION_STANDS)
	expectReason(t, (*protection.State)(nil).MayPlay(noon), errorsv1.Reason_REASON_UNSPECIFIED)
}

// TestADayHas24Hours begins an exclusion on the eve of the change to daylight saving time.
func TestADayHas24Hours(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, time.March, 28, 20, 0, 0, 0, berlin)
	s := protection.New(0, now)
	if err := s.Exclude(protection.CoolOff, 1, now); err != nil || s.Exclusion.Until.Sub(now) != 24*time.Hour {
		t.Errorf("an exclusion of a day lasts %s, %v", s.Exclusion.Until.Sub(now), err)
	}
}

func TestSessionTime(t *testing.T) {
	s := protection.New(0, noon)
	if err := s.SetLimit(protection.SessionTime, calendar.Day, 60, noon, rules); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		at      time.Duration
		allowed bool
	}{
		{0, true}, {10 * time.Minute, true}, {20 * time.Minute, true},
		{time.Hour, true},                  // The first session ended 15 minutes after its last bet: 35 minutes.
		{time.Hour + 14*time.Minute, true}, // 49.
		{time.Hour + 24*time.Minute, true}, // 59.
		{time.Hour + 25*time.Minute, false},
		{8 * time.Hour, false}, // The refused bets do not count, the 15 minutes after the last accepted one do.
		{12 * time.Hour, true}, // Another day.
	} {
		now := noon.Add(step.at)
		err := s.MayBet(1, 1, now, rules)
		if (err == nil) != step.allowed {
			t.Errorf("step %d: %v; played %s", i, err, s.Day.Played)
		}
		if err == nil {
			s.RecordBet(1, now, rules)
		}
	}
	// Only time of the new day counts for it, and all of it for the week.
	if s.Day.Played != 0 || s.Week.Played != 74*time.Minute {
		t.Errorf("played %s today, %s this week", s.Day.Played, s.Week.Played)
	}
}

func TestRealityChecks(t *testing.T) {
	s := protection.New(0, noon)
	if err := s.SetLimit(protection.RealityCheck, "", 30, noon, rules); err != nil {
		t.Fatal(err)
	}
	bet := func(at time.Duration) error {
		err := s.MayBet(5, 5, noon.Add(at), rules)
		if err == nil {
			s.RecordBet(5, noon.Add(at), rules)
			s.RecordTransfer(-5, 5, noon.Add(at))
		}
		return err
	}
	for at := time.Duration(0); at < 30*time.Minute; at += 10 * time.Minute {
		if err := bet(at); err != nil {
			t.Fatal(err)
		}
	}
	if s.AnnounceCheck(noon.Add(29*time.Minute), rules) || !s.AnnounceCheck(noon.Add(30*time.Minute), rules) || s.AnnounceCheck(noon.Add(31*time.Minute), rules) {
		t.Error("a check is announced when it is due, and once")
	}
	expectReason(t, bet(30*time.Minute), errorsv1.Reason_REASON_REALITY_CHECK_DUE)
	s.Acknowledge(noon.Add(31 * time.Minute))
	expectReason(t, bet(32*time.Minute), errorsv1.Reason_REASON_UNSPECIFIED)
	if s.Session.Staked != 20 || s.Session.Net != -20 {
		t.Errorf("session %+v", s.Session)
	}
	// After a pause a new session begins.
	expectReason(t, bet(2*time.Hour), errorsv1.Reason_REASON_UNSPECIFIED)
	if s.Session.Staked != 5 || s.CheckDue(noon.Add(4*time.Hour), rules) {
		t.Errorf("session %+v", s.Session)
	}
}

func TestStateJSONRoundTrip(t *testing.T) {
	s := protection.New(7, noon)
	for kind, period := range map[protection.Kind]calendar.Period{protection.Loss: calendar.Week, protection.RealityCheck: ""} {
		if err := s.SetLimit(kind, period, 50, noon, rules); err != nil {
			t.Fatal(err)
		}
	}
	s.RecordBet(3, noon, rules)
	s.RecordTransfer(-3, 3, noon)
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	again := &protection.State{}
	if err := json.Unmarshal(text, again); err != nil {
		t.Fatal(err)
	}
	if twice, err := json.Marshal(again); err != nil || string(twice) != string(text) {
		t.Errorf("%s became %s, %v", text, twice, err)
	}
}
