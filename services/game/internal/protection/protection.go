// Package protection is what players set to protect themselves: limits of stake, loss and time, pauses, and reality
// checks. It decides whether a bet may be placed, and counts what was. Nothing here knows SQL, gRPC or a clock.
package protection

import (
	"math"
	"time"

	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
)

// Rules are what an operator sets.
type Rules struct {
	// IncreaseDelay is how long a limit that is raised or removed binds as it was.
	IncreaseDelay time.Duration
	// SessionIdle is how long behind a player's last bet a session ends.
	SessionIdle time.Duration
}

// State is all that is kept of a player who has set something.
type State struct {
	// Deleted is true of a player who was deleted, of whom nothing else is kept.
	Deleted   bool      `json:"deleted,omitempty"`
	Limits    []Limit   `json:"limits,omitempty"`
	Exclusion Exclusion `json:"exclusion,omitzero"`
	Session   Session   `json:"session,omitzero"`
	// Since is when counting began: bets from before were not counted, so taking one back takes nothing off.
	Since time.Time `json:"since,omitzero"`
	// InPlay is what lies on tables. It is lost until it comes back, so a new window begins with it.
	InPlay int64 `json:"in_play,omitempty"`
	// Day, Week and Month are the windows that limits count in.
	Day   Window `json:"day,omitzero"`
	Week  Window `json:"week,omitzero"`
	Month Window `json:"month,omitzero"`
}

// Window is what was done since a moment.
type Window struct {
	Start time.Time `json:"start"`
	// Staked is what bets were worth, Lost what went onto tables less what came back.
	Staked int64 `json:"staked,omitempty"`
	Lost   int64 `json:"lost,omitempty"`
	// Played is the time of sessions.
	Played time.Duration `json:"played,omitempty"`
}

// Session is a time of play: bets with no longer pause than Rules.SessionIdle.
type Session struct {
	StartedAt time.Time `json:"started_at"`
	LastBetAt time.Time `json:"last_bet_at"`
	// CheckedAt is when the player last learned how long and for what this goes on; a session's start counts.
	CheckedAt time.Time `json:"checked_at"`
	// Announced is true where the check that is due was shown.
	Announced bool  `json:"announced,omitempty"`
	Staked    int64 `json:"staked,omitempty"`
	// Net is what came back less what went onto tables.
	Net int64 `json:"net,omitempty"`
}

// Exclusion keeps a player from playing until a moment.
type Exclusion struct {
	Kind  string    `json:"kind"`
	Until time.Time `json:"until"`
}

// New begins to protect a player who has so much on tables.
func New(inPlay int64, now time.Time) *State {
	s := &State{InPlay: inPlay, Since: now}
	s.advance(now)
	return s
}

// Unlimited is the amount of a limit that does not bind.
const Unlimited = math.MaxInt64

// Window is the one of a period.
func (s *State) Window(p calendar.Period) *Window {
	switch p {
	case calendar.Week:
		return &s.Week
	case calendar.Month:
		return &s.Month
	}
	return &s.Day
}

// advance begins the windows that a moment is in, and has raised limits bind whose time has come. A clock that is behind
// another's changes nothing.
func (s *State) advance(now time.Time) {
	for _, p := range calendar.Periods {
		if w, start := s.Window(p), p.Start(now); start.After(w.Start) {
			*w = Window{Start: start, Lost: s.InPlay}
		}
	}
	s.Limits = limitsAt(s.Limits, now)
}

// At is the state as it is at a moment; s stays as it was.
func (s *State) At(now time.Time) *State {
	at := *s
	at.advance(now)
	return &at
}
