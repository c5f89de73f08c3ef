// Package session provides the sessions that keep players signed in: families of refresh tokens, each of which can be used once.
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
	// ErrNotFound is for a session that does not exist, and for a token that was never one of the session's.
	ErrNotFound = errors.New("session: not found")
	// ErrEnded is for a session that was ended.
	ErrEnded = errors.New("session: ended")
	// ErrExpired is for a session that was not refreshed in time.
	ErrExpired = errors.New("session: expired")
	// ErrReused is for a refresh token that was used before. The session is ended.
	ErrReused = errors.New("session: refresh token reused")
)

// reuseGrace is how long a used refresh token still gets the same answer. A client retries when an answer was lost, and the tabs of a
// browser may all send the token that they share at the same time. A browser gets its next token only with the answer to the call that
// refreshed the session, which may hang for all of the gateway's limits.timeout, and a person waits a while before reloading the page.
const reuseGrace = 2 * time.Minute

// Session is one sign-in, or an API key.
type Session struct {
	ID, Player uuid.UUID
	Method     apiv1.SignInMethod
	// Credential is the device that signed in; uuid.Nil for other methods.
	Credential uuid.UUID
	// Scopes are what an API key may do; other sessions have none.
	Scopes identity.Scopes
	// Client is the name that the client gave itself.
	Client string
	// Created, Used and Expires are when the session began, was last refreshed, and ends unless it is refreshed before.
	Created, Used, Expires time.Time
	// Ended is when the session was ended; the zero time if it was not.
	Ended time.Time

	Family, Current, Previous Hash
	// Nonce derives the current secret from the previous one. It was drawn at the time Used.
	Nonce Secret
}

// New makes a session and its first token, of the given secrets.
func New(id, player uuid.UUID, method apiv1.SignInMethod, client string, family, secret Secret, now time.Time, life time.Duration) (Session, Token) {
	token := Token{Session: id, Family: family, Secret: secret}
	return Session{ID: id, Player: player, Method: method, Client: client, Created: now, Used: now, Expires: now.Add(life),
		Family: family.Hash(), Current: secret.Hash()}, token
}

// End ends the session, unless it has ended already.
func (s *Session) End(now time.Time) {
	if s.Ended.IsZero() {
		s.Ended, s.Expires = now, now
	}
}

// Live fails if the session was ended or has expired.
func (s *Session) Live(now time.Time) error {
	switch {
	case !s.Ended.IsZero():
		return ErrEnded
	case !now.Before(s.Expires):
		return ErrExpired
	}
	return nil
}

// checkToken fails if the token is not of the session's family, or the session is over.
func (s *Session) checkToken(t Token, now time.Time) error {
	if !s.Family.equal(t.Family.Hash()) {
		return ErrNotFound
	}
	return s.Live(now)
}

// Refresh uses a token and returns the next one. It may change the session even if it fails: a token that was used before ends it.
func (s *Session) Refresh(t Token, nonce Secret, now time.Time, life time.Duration) (Token, error) {
	if err := s.checkToken(t, now); err != nil {
		return Token{}, err
	}
	switch hash := t.Secret.Hash(); {
	case s.Method == apiv1.SignInMethod_SIGN_IN_METHOD_API_KEY:
		return Token{}, ErrNotFound
	case hash.equal(s.Current):
		t.Secret = t.Secret.next(nonce)
		s.Previous, s.Current, s.Nonce = hash, t.Secret.Hash(), nonce
		s.Used, s.Expires = now, now.Add(life)
	case hash.equal(s.Previous) && now.Sub(s.Used) < reuseGrace:
		t.Secret = t.Secret.next(s.Nonce)
	default:
		s.End(now)
		return Token{}, ErrReused
	}
	return t, nil
}

// Check verifies an API key: a token that can't be refreshed.
func (s *Session) Check(t Token, now time.Time) error {
	if err := s.checkToken(t, now); err != nil {
		return err
	}
	if s.Method != apiv1.SignInMethod_SIGN_IN_METHOD_API_KEY || !t.Secret.Hash().equal(s.Current) {
		return ErrNotFound
	}
	return nil
}

// Ended is what gateways need to know of a session that was ended.
type Ended struct {
	ID uuid.UUID
	At time.Time
}

// Tx is what a transaction can do with sessions. Every implementation passes the suite in internal/store/storetest.
type Tx interface {
	// AddSession stores a new session.
	AddSession(ctx context.Context, session Session) error
	// Session returns a session, or ErrNotFound. A write transaction locks the session.
	Session(ctx context.Context, id uuid.UUID) (Session, error)
	// SaveSession stores a changed session.
	SaveSession(ctx context.Context, session Session) error
	// LiveSessions returns a player's sessions that are live at a time, API keys included, the most recently used first.
	LiveSessions(ctx context.Context, player uuid.UUID, at time.Time) ([]Session, error)
	// ForgetClients clears the client names of all sessions of a player, including those that are over.
	ForgetClients(ctx context.Context, player uuid.UUID) error
	// EndedSessions returns at most so many of the sessions that were ended after a time, in the order of their ends.
	EndedSessions(ctx context.Context, after time.Time, most int) ([]Ended, error)
	// PruneSessions deletes at most so many of the sessions that expired before a time, and returns how many it deleted.
	PruneSessions(ctx context.Context, before time.Time, most int) (pruned int, err error)
}
