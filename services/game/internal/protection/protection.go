// Package protection implements responsible-gambling controls that players set for themselves: limits on stakes, losses and
// time, exclusions, and reality checks. It decides whether a bet may be placed, and counts placed bets. Nothing here knows SQL,
// gRPC or a clock.
package protection

import (
	"math"
	"time"

	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
)

// Rules are the operator's settings.
type Rules struct {
	// IncreaseDelay is how long the old limit stays in force after it is raised or removed.
	IncreaseDelay time.Duration
	// SessionIdle is how long after a player's last bet a session ends.
	SessionIdle time.Duration
}

// State is all that is kept for a player who has set a limit or an exclusion.
type State struct {
	// Deleted is true for a deleted player, for whom nothing else is kept.
	Deleted   bool      `json:"deleted,omitempty"`
	Limits    []Limit   `json:"limits,omitempty"`
	Exclusion Exclusion `json:"exclusion,omitzero"`
	Session   Session   `json:"session,omitzero"`
	// Since is when counting began: earlier bets were not counted, so a refund of one subtracts nothing.
	Since time.Time `json:"since,omitzero"`
	// InPlay is the total of the live bets. It counts as lost until it is returned, so a new window begins with it.
	InPlay int64 `json:"in_play,omitempty"`
	// Day, Week and Month are the current windows of the limits.
	Day   Window `json:"day,omitzero"`
	Week  Window `json:"week,omitzero"`
	Month Window `json:"month,omitzero"`
}

// Window holds the counters of the current day, week or month.
type Window struct {
	Start time.Time `json:"start"`
	// Staked is the sum of stakes, Lost what was paid for bets less what was returned.
	Staked int64 `json:"staked,omitempty"`
	Lost   int64 `json:"lost,omitempty"`
	// Played is the time spent in sessions.
	Played time.Duration `json:"played,omitempty"`
}

// Session is a period of play without a longer pause between bets than Rules.SessionIdle.
type Session struct {
	StartedAt time.Time `json:"started_at"`
	LastBetAt time.Time `json:"last_bet_at"`
	// CheckedAt is when the player last acknowledged a reality check, or when the session began.
	CheckedAt time.Time `json:"checked_at"`
	// Announced is true if the player was already told of the check that is due.
	Announced bool  `json:"announced,omitempty"`
	Staked    int64 `json:"staked,omitempty"`
	// Net is what was returned less what was paid for bets.
	Net int64 `json:"net,omitempty"`
}

// Exclusion excludes a player from play until a time.
type Exclusion struct {
	Kind  string    `json:"kind"`
	Until time.Time `json:"until"`
}

// New returns the state of a player who sets something for the first time, with inPlay in live bets.
func New(inPlay int64, now time.Time) *State {
	s := &State{InPlay: inPlay, Since: now}
	s.advance(now)
	return s
}

// Unlimited is the amount of a limit that is not set.
const Unlimited = math.MaxInt64

// Window returns the window of a period.
func (s *State) Window(p calendar.Period) *Window {
	switch p {
	case calendar.Week:
		return &s.Week
	case calendar.Month:
		return &s.Month
	}
	return &s.Day
}

// advance begins new windows when now is after the current ones, and applies pending limits that are due. A replica whose
// clock is behind another's never moves windows back.
func (s *State) advance(now time.Time) {
	for _, p := range calendar.Periods {
		if w, start := s.Window(p), p.Start(now); start.After(w.Start) {
			*w = Window{Start: start, Lost: s.InPlay}
		}
	}
	s.Limits = limitsAt(s.Limits, now)
}

// At returns the state as of a time; s is not changed.
func (s *State) At(now time.Time) *State {
	at := *s
	at.advance(now)
	return &at
}
