package protection_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// bet is a bet of a model that adds up the list of all bets, without moving windows.
type bet struct {
	stake, cost        int64
	placedAt, closedAt time.Time
	payout             int64
	removed            bool // Before a roll.
}

type model struct {
	now  time.Time
	bets []*bet
}

// lost is what the bets of a window have cost: those that were live when it began, and those placed since, less what was
// returned since.
func (m *model) lost(p calendar.Period) (sum int64) {
	start := p.Start(m.now)
	for _, b := range m.bets {
		if b.closedAt.IsZero() || !b.closedAt.Before(start) {
			sum += b.cost - b.payout
		}
	}
	return sum
}

func (m *model) staked(p calendar.Period) (sum int64) {
	for _, b := range m.bets {
		if !b.placedAt.Before(p.Start(m.now)) && !b.removed {
			sum += b.stake
		}
	}
	return sum
}

func (m *model) live() []*bet {
	return slices.DeleteFunc(slices.Clone(m.bets), func(b *bet) bool { return !b.closedAt.IsZero() })
}

// TestLimitsHold places, decides and takes back bets over months, and compares each decision with the model.
func TestLimitsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{now: noon}
		s := protection.New(0, m.now)
		limits := make(map[protection.Kind]map[calendar.Period]int64)
		for _, kind := range []protection.Kind{protection.Stake, protection.Loss} {
			limits[kind] = make(map[calendar.Period]int64)
			for _, period := range calendar.Periods {
				if rapid.Bool().Draw(t, "limited") {
					limits[kind][period] = rapid.Int64Range(0, 500).Draw(t, "limit")
					if err := s.SetLimit(kind, period, limits[kind][period], m.now, rules); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"time passes": func(t *rapid.T) { m.now = m.now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "hours")) * time.Hour) },
			"bet": func(t *rapid.T) {
				b := &bet{stake: rapid.Int64Range(1, 120).Draw(t, "stake"), placedAt: m.now}
				b.cost = b.stake + rapid.Int64Range(0, 3).Draw(t, "commission")
				want := true
				for _, p := range calendar.Periods {
					if most, limited := limits[protection.Stake][p]; limited && m.staked(p)+b.stake > most {
						want = false
					}
					if most, limited := limits[protection.Loss][p]; limited && m.lost(p)+b.cost > most {
						want = false
					}
				}
				err := s.MayBet(b.stake, b.cost, m.now, rules)
				if (err == nil) != want {
					t.Fatalf("a bet of %d: %v, want allowed: %v", b.stake, err, want)
				}
				if err == nil {
					s.RecordBet(b.stake, m.now, rules)
					s.RecordTransfer(-b.cost, b.cost, m.now)
					m.bets = append(m.bets, b)
				}
			},
			"decide": func(t *rapid.T) {
				if live := m.live(); len(live) > 0 {
					b := rapid.SampledFrom(live).Draw(t, "bet")
					b.closedAt, b.payout = m.now, rapid.SampledFrom([]int64{0, b.stake, 3 * b.stake}).Draw(t, "payout")
					s.RecordTransfer(0, -b.cost, m.now)
					s.RecordTransfer(b.payout, 0, m.now)
				}
			},
			"take back": func(t *rapid.T) {
				if live := m.live(); len(live) > 0 {
					b := rapid.SampledFrom(live).Draw(t, "bet")
					b.closedAt, b.payout, b.removed = m.now, b.cost, rapid.Bool().Draw(t, "before a roll")
					if b.removed {
						s.RecordRefund(b.stake, b.placedAt, m.now)
					}
					s.RecordTransfer(b.cost, -b.cost, m.now)
				}
			},
			"": func(t *rapid.T) {
				at := s.At(m.now)
				for _, p := range calendar.Periods {
					if at.Window(p).Lost != m.lost(p) || at.Window(p).Staked != m.staked(p) {
						t.Fatalf("a %s: lost %d and staked %d, want %d and %d", p, at.Window(p).Lost, at.Window(p).Staked, m.lost(p), m.staked(p))
					}
				}
			},
		})
	})
}

// TestNoLimitRisesBeforeDelay requests limits at random times: the limit in force never rises unless as much was requested a
// day before, and never stays above a request.
func TestNoLimitRisesBeforeDelay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type request struct {
			at     time.Time
			amount int64
		}
		var requests []request
		now := noon
		s := protection.New(0, now)
		before := int64(protection.Unlimited)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "hours")) * time.Hour)
			if inForce := s.At(now).Limit(protection.Loss, calendar.Week).Amount; inForce > before && !slices.ContainsFunc(requests, func(r request) bool {
				return r.amount >= inForce && !now.Before(r.at.Add(rules.IncreaseDelay))
			}) {
				t.Fatalf("the limit rose from %d to %d, requested: %v", before, inForce, requests)
			}
			amount := rapid.OneOf(rapid.Int64Range(0, 9), rapid.Just[int64](protection.Unlimited)).Draw(t, "amount")
			before = s.At(now).Limit(protection.Loss, calendar.Week).Amount
			if err := s.SetLimit(protection.Loss, calendar.Week, amount, now, rules); err != nil {
				t.Fatal(err)
			}
			requests = append(requests, request{now, amount})
			if inForce := s.Limit(protection.Loss, calendar.Week).Amount; inForce != min(before, amount) {
				t.Fatalf("requested %d instead of %d, %d is in force", amount, before, inForce)
			}
			before = min(before, amount)
		}
	})
}
