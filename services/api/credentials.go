package api

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/token"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/session"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// now is the current time in the resolution of stores.
func (s *Service) now() time.Time { return s.clock.Now().Truncate(time.Microsecond).UTC() }

// fillRandom fills b with random bytes.
func (s *Service) fillRandom(b []byte) {
	if _, err := io.ReadFull(s.random, b); err != nil {
		panic(err) // The system's source never fails, and a predictable secret would be worse than a crash.
	}
}

// newSecret draws 256 random bits.
func (s *Service) newSecret() (secret session.Secret) {
	s.fillRandom(secret[:])
	return secret
}

// sessionLifetime is how long a session lives without being refreshed.
func (s *Service) sessionLifetime(method apiv1.SignInMethod) time.Duration {
	if method == apiv1.SignInMethod_SIGN_IN_METHOD_GUEST {
		return s.auth.GuestTokenTTL
	}
	return s.auth.SessionTTL
}

// newSession makes a session without storing it.
func (s *Service) newSession(player uuid.UUID, method apiv1.SignInMethod, client string) (session.Session, session.Token, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return session.Session{}, session.Token{}, err
	}
	sess, refresh := session.New(id, player, method, client, s.newSecret(), s.newSecret(), s.now(), s.sessionLifetime(method))
	return sess, refresh, nil
}

// beginSession stores a new session. If the player has maxSessions already, the least recently used one is ended.
func (s *Service) beginSession(ctx context.Context, tx store.Tx, player uuid.UUID, method apiv1.SignInMethod, credential uuid.UUID, client string) (session.Session, session.Token, error) {
	sess, refresh, err := s.newSession(player, method, client)
	if err != nil {
		return sess, refresh, err
	}
	sess.Credential = credential
	live, err := tx.LiveSessions(ctx, player, sess.Created)
	if err != nil {
		return sess, refresh, err
	}
	signedIn := slices.DeleteFunc(live, isAPIKey)
	for len(signedIn) >= maxSessions {
		oldest := signedIn[len(signedIn)-1]
		signedIn = signedIn[:len(signedIn)-1]
		oldest.End(sess.Created)
		if err := tx.SaveSession(ctx, oldest); err != nil {
			return sess, refresh, err
		}
	}
	return sess, refresh, tx.AddSession(ctx, sess)
}

// signAccessToken signs an access token of a session.
func (s *Service) signAccessToken(of session.Session, role optionsv1.Role) (raw string, expires time.Time, err error) {
	now := s.now()
	key, err := s.keyring.signer(now)
	if err != nil {
		return "", time.Time{}, err
	}
	if expires = now.Add(key.Life(s.auth.AccessTokenTTL)); of.Expires.Before(expires) {
		expires = of.Expires
	}
	raw, err = token.Key{ID: key.ID, Private: key.Private}.Sign(token.Bearer{Player: of.Player, Session: of.ID, Role: role, Scopes: of.Scopes}, now, expires)
	return raw, expires, err
}

// newCredentials is the answer to a sign-in or a refresh.
func (s *Service) newCredentials(of session.Session, refresh session.Token, role optionsv1.Role) (*apiv1.Credentials, error) {
	raw, expires, err := s.signAccessToken(of, role)
	if err != nil {
		return nil, err
	}
	return &apiv1.Credentials{PlayerId: of.Player.String(), SessionId: of.ID.String(), AccessToken: raw, ExpiresAt: timestamppb.New(expires),
		RefreshToken: refresh.String(), RefreshExpiresAt: timestamppb.New(of.Expires)}, nil
}
