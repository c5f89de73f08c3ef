// Package session is how players stay signed in: families of refresh tokens, of which each is good for one use.
package session

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
)

var (
	// ErrNotFound is for a session that is not there, and for a token that was never one of it.
	ErrNotFound = errors.New("session: not found")
	// ErrEnded is for a session that was ended.
	ErrEnded = errors.New("session: ended")
	// ErrExpired is for a session that was not refreshed in time.
	ErrExpired = errors.New("session: expired")
	// ErrReused is for a refresh token that was used before. The session is ended.
	ErrReused = errors.New("session: refresh token reused")
)

// grace is how long a refresh token gets the same answer again. An answer that was lost is asked for again, and pages of a
// browser that wake up together all send the token that they share.
const grace = 10 * time.Second

// Session is one sign-in, or an API key.
type Session struct {
	ID, Player uuid.UUID
	Method     apiv1.SignInMethod
	// Credential is the device that signed in; uuid.Nil where it was none.
	Credential uuid.UUID
	// Scopes are what an API key may do; no scope is no API key.
	Scopes identity.Scopes
	// Client is what the client called itself.
	Client string
	// Created, Used and Expires are when it began, was last refreshed, and ends unless it is refreshed before.
	Created, Used, Expires time.Time
	// Ended is when it was ended; the zero time where it lives.
	Ended time.Time

	Family, Current, Previous Hash
	// Nonce made the current secret from the previous one, at the time Used.
	Nonce Secret
}

// New begins a session with a token of the given secrets.
func New(id, player uuid.UUID, method apiv1.SignInMethod, client string, family, secret Secret, now time.Time, life time.Duration) (Session, Token) {
	token := Token{Session: id, Family: family, Secret: secret}
	return Session{ID: id, Player: player, Method: method, Client: client, Created: now, Used: now, Expires: now.Add(life),
		Family: family.Hash(), Current: secret.Hash()}, token
}

// End ends the session, if it has not ended.
func (s *Session) End(now time.Time) {
	if s.Ended.IsZero() {
		s.Ended, s.Expires = now, now
	}
}

// Live fails where the session is over.
func (s *Session) Live(now time.Time) error {
	switch {
	case !s.Ended.IsZero():
		return ErrEnded
	case !now.Before(s.Expires):
		return ErrExpired
	}
	return nil
}

// takes fails where the session is not the token's, or is over.
func (s *Session) takes(t Token, now time.Time) error {
	if !s.Family.equal(t.Family.Hash()) {
		return ErrNotFound
	}
	return s.Live(now)
}

// Refresh uses a token, and returns the next one. It may change the session where it fails, too.
func (s *Session) Refresh(t Token, nonce Secret, now time.Time, life time.Duration) (Token, error) {
	if err := s.takes(t, now); err != nil {
		return Token{}, err
	}
	switch hash := t.Secret.Hash(); {
	case s.Method == apiv1.SignInMethod_SIGN_IN_METHOD_API_KEY:
		return Token{}, ErrNotFound
	case hash.equal(s.Current):
		t.Secret = t.Secret.next(nonce)
		s.Previous, s.Current, s.Nonce = hash, t.Secret.Hash(), nonce
		s.Used, s.Expires = now, now.Add(life)
	case hash.equal(s.Previous) && now.Sub(s.Used) < grace:
		t.Secret = t.Secret.next(s.Nonce)
	default:
		s.End(now)
		return Token{}, ErrReused
	}
	return t, nil
}

// Check accepts a token that is not for refreshing: an API key.
func (s *Session) Check(t Token, now time.Time) error {
	if err := s.takes(t, now); err != nil {
		return err
	}
	if s.Method != apiv1.SignInMethod_SIGN_IN_METHOD_API_KEY || !t.Secret.Hash().equal(s.Current) {
		return ErrNotFound
	}
	return nil
}

// Ended is what gateways need of a session that was ended.
type Ended struct {
	ID uuid.UUID
	At time.Time
}

// Tx is what a transaction does with sessions. Every implementation passes the suite in internal/store/storetest.
type Tx interface {
	// AddSession stores a new session.
	AddSession(ctx context.Context, session Session) error
	// Session returns a session, or ErrNotFound. Where the transaction writes, others that read it wait for its end.
	Session(ctx context.Context, id uuid.UUID) (Session, error)
	// SaveSession stores a session that changed.
	SaveSession(ctx context.Context, session Session) error
	// LiveSessions returns a player's sessions that go on at a time, API keys included, the last used first.
	LiveSessions(ctx context.Context, player uuid.UUID, at time.Time) ([]Session, error)
	// ForgetClients removes what the clients of a player's sessions called themselves, also of those that are over.
	ForgetClients(ctx context.Context, player uuid.UUID) error
	// EndedSessions returns so many of the sessions that ended behind a time, the first first.
	EndedSessions(ctx context.Context, after time.Time, most int) ([]Ended, error)
	// ForgetSessions removes at most so many of the sessions that expired before a time, and says how many.
	ForgetSessions(ctx context.Context, before time.Time, most int) (forgotten int, err error)
}
