package play_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

var protectionRules = protection.Rules{IncreaseDelay: 24 * time.Hour, SessionIdle: 15 * time.Minute}

// protectionsText is the JSON text of what players have set.
func (tb *table) protectionsText(states map[uuid.UUID]*protection.State) string {
	if len(states) == 0 {
		return ""
	}
	text, err := json.Marshal(states)
	if err != nil {
		tb.t.Fatal(err)
	}
	return string(text)
}

// setProtection has a player change limits or exclusions.
func (tb *table) setProtection(player uuid.UUID, change func(*protection.State) error) {
	err := tb.do(func(t *play.Turn) error {
		if t.Protections[player] == nil {
			t.Protections[player] = protection.New(inPlayOf(tb.live, player), tb.now)
		}
		return change(t.Protections[player])
	})
	if err != nil {
		tb.t.Fatal(err)
	}
}

// TestRefundOfUncountedBet takes back a bet that was placed before the player set a limit, and so was never counted.
func TestRefundOfUncountedBet(t *testing.T) {
	tb := newTable(t)
	alice := tb.newID()
	tb.create(alice, play.Limits{MaxPlayers: 4, MinBet: 1, MaxBet: 500})
	before := tb.mustBet(alice, "dont_pass", 500, 0)
	tb.now = tb.now.Add(time.Minute)
	tb.setProtection(alice, func(s *protection.State) error {
		return s.SetLimit(protection.Stake, calendar.Day, 100, tb.now, protectionRules)
	})
	tb.mustBet(alice, "hard_8", 60, 0)
	if err := tb.remove(before.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := tb.bet(alice, "field", 50, 0); errs.Reason(err) != errorsv1.Reason_REASON_LIMIT_EXCEEDED {
		t.Errorf("a bet over the limit: %v", err)
	}
	tb.mustBet(alice, "field", 40, 0)
	if used := tb.protections[alice]; used.Day.Staked != 100 || used.Session.Staked != 100 {
		t.Errorf("counted %d for the day and %d for the session", used.Day.Staked, used.Session.Staked)
	}
}

func TestLimitsBindBets(t *testing.T) {
	tb := newTable(t)
	alice := tb.newID()
	tb.create(alice, play.Limits{MaxPlayers: 4, MinBet: 1, MaxBet: 500})
	tb.setProtection(alice, func(s *protection.State) error {
		return s.SetLimit(protection.Stake, calendar.Day, 100, tb.now, protectionRules)
	})
	line := tb.mustBet(alice, "pass_line", 60, 0)
	if _, err := tb.bet(alice, "field", 50, 0); errs.Reason(err) != errorsv1.Reason_REASON_LIMIT_EXCEEDED {
		t.Errorf("a bet over the limit: %v", err)
	}
	// A stake that is taken back before a roll does not count.
	if err := tb.remove(line.ID); err != nil {
		t.Fatal(err)
	}
	tb.mustBet(alice, "pass_line", 60, 0)
	tb.mustBet(alice, "hard_8", 40, 0)
	tb.rollTo(alice, 6)
	for _, bet := range tb.sortedBets() { // After a roll it does.
		if bet.Wager.Name == "hard_8" {
			if err := tb.remove(bet.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := tb.bet(alice, "field", 1, 0); errs.Reason(err) != errorsv1.Reason_REASON_LIMIT_EXCEEDED {
		t.Errorf("a bet over the limit: %v", err)
	}
	if s := tb.protections[alice]; s.InPlay != 60 || s.Day.Lost != 60 || s.Session.Net != -60 {
		t.Errorf("state %+v", s)
	}
}

// TestCommissionsCountAsLost until they are returned.
func TestCommissionsCountAsLost(t *testing.T) {
	tb := newTable(t)
	alice := tb.newID()
	tb.create(alice, play.Limits{MaxPlayers: 4, MinBet: 1, MaxBet: 500})
	tb.setProtection(alice, func(s *protection.State) error {
		return s.SetLimit(protection.Loss, calendar.Day, 100, tb.now, protectionRules)
	})
	if _, err := tb.bet(alice, "yes_4", 100, 0); errs.Reason(err) != errorsv1.Reason_REASON_LIMIT_EXCEEDED {
		t.Errorf("a bet whose commission exceeds the limit: %v", err)
	}
	bet := tb.mustBet(alice, "yes_4", 80, 0)
	if s := tb.protections[alice]; bet.Commission == 0 || s.Day.Lost != bet.Amount+bet.Commission || s.InPlay != s.Day.Lost {
		t.Errorf("commission %d, state %+v", bet.Commission, s)
	}
	if err := tb.remove(bet.ID); err != nil {
		t.Fatal(err)
	}
	if s := tb.protections[alice]; s.Day.Lost != 0 || s.InPlay != 0 || s.Day.Staked != 0 {
		t.Errorf("state %+v", s)
	}
}

func TestExcludedPlayers(t *testing.T) {
	tb := newTable(t)
	alice, bob := tb.newID(), tb.newID()
	tb.create(alice, play.Limits{MaxPlayers: 4, MinBet: 1, MaxBet: 500})
	if err := tb.do(func(t *play.Turn) error { return t.Join(bob) }); err != nil {
		t.Fatal(err)
	}
	tb.mustBet(alice, "pass_line", 10, 0)
	field := tb.mustBet(bob, "field", 10, 0)
	six := tb.mustBet(bob, "hard_6", 10, 0)
	tb.setProtection(bob, func(s *protection.State) error { return s.Exclude(protection.CoolOff, 1, tb.now) })
	if _, err := tb.bet(bob, "hard_8", 10, 0); errs.Reason(err) != errorsv1.Reason_REASON_SELF_EXCLUDED {
		t.Errorf("a bet of an excluded player: %v", err)
	}
	if err := tb.remove(six.ID); err != nil {
		t.Error(err)
	}
	tb.rollTo(alice, 4)
	if won := tb.bets[field.ID]; won.Status != play.Won {
		t.Errorf("the field bet is %s", won.Status)
	}
	if err := tb.do(func(t *play.Turn) error { return t.Leave(bob) }); err != nil {
		t.Error(err)
	}
	if err := tb.do(func(t *play.Turn) error { return t.Join(bob) }); errs.Reason(err) != errorsv1.Reason_REASON_SELF_EXCLUDED {
		t.Errorf("an excluded player joins: %v", err)
	}
	tb.now = tb.now.Add(24 * time.Hour)
	if err := tb.do(func(t *play.Turn) error { return t.Join(bob) }); err != nil {
		t.Error(err)
	}
}

// TestExcludedPlayersCannotSetBetsToWork changes resting bets and a working one, as a player who is excluded and as one who was.
func TestExcludedPlayersCannotSetBetsToWork(t *testing.T) {
	tb := newTable(t)
	alice := tb.newID()
	tb.create(alice, play.Limits{MaxPlayers: 4, MinBet: 1, MaxBet: 500})
	six, eight := tb.mustBet(alice, "hard_6", 20, 0).ID, tb.mustBet(alice, "hard_8", 20, 0).ID
	must := func(what string, err error, want errorsv1.Reason) {
		t.Helper()
		if got := errs.Reason(err); got != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	must("to work", tb.change(eight, play.BetChange{Working: new(true)}), 0)
	tb.setProtection(alice, func(s *protection.State) error { return s.Exclude(protection.CoolOff, 1, tb.now) })
	must("to work, excluded", tb.change(six, play.BetChange{Working: new(true), Amount: new(int64(10))}), errorsv1.Reason_REASON_SELF_EXCLUDED)
	if six := tb.bets[six]; six.Working || six.Amount != 20 {
		t.Errorf("the refused bet is %+v", six)
	}
	must("to stay as it is", tb.change(six, play.BetChange{Working: new(false)}), 0)
	must("to have less", tb.change(six, play.BetChange{Amount: new(int64(10))}), 0)
	must("to have more", tb.change(six, play.BetChange{Amount: new(int64(30))}), errorsv1.Reason_REASON_BET_RAISED)
	must("to keep working", tb.change(eight, play.BetChange{Working: new(true), Amount: new(int64(10))}), 0)
	must("to rest", tb.change(eight, play.BetChange{Working: new(false)}), 0)
	must("to work again", tb.change(eight, play.BetChange{Working: new(true)}), errorsv1.Reason_REASON_SELF_EXCLUDED)
	tb.now = tb.now.Add(24 * time.Hour)
	must("to work after the exclusion", tb.change(six, play.BetChange{Working: new(true)}), 0)
}

func TestRealityChecksBetweenRounds(t *testing.T) {
	tb := newTable(t)
	alice := tb.newID()
	tb.create(alice, play.Limits{MaxPlayers: 4, MinBet: 1, MaxBet: 500})
	tb.setProtection(alice, func(s *protection.State) error {
		return s.SetLimit(protection.RealityCheck, "", 10, tb.now, protectionRules)
	})
	tb.mustBet(alice, "pass_line", 10, 0)
	announced := func() (n int) {
		for _, event := range tb.events {
			if event.GetRealityCheck().GetPlayerId() == alice.String() {
				n++
			}
		}
		return n
	}
	for i, total := range []uint8{4, 5, 6} {
		tb.rollTo(alice, total)
		if want := []int{0, 1, 1}[i]; announced() != want {
			t.Errorf("roll %d: announced %d times, want %d", i+1, announced(), want)
		}
		tb.now = tb.now.Add([]time.Duration{11 * time.Minute, time.Minute, 30 * time.Minute}[i])
	}
	tb.mustBet(alice, "field", 10, 0) // After a pause a new session begins.
	tb.now = tb.now.Add(11 * time.Minute)
	if _, err := tb.bet(alice, "hard_8", 10, 0); errs.Reason(err) != errorsv1.Reason_REASON_REALITY_CHECK_DUE {
		t.Errorf("a bet before the check was acknowledged: %v", err)
	}
	tb.setProtection(alice, func(s *protection.State) error { s.Acknowledge(tb.now); return nil })
	tb.mustBet(alice, "hard_8", 10, 0)
}
