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

// now is the time as stores keep it.
func (s *Service) now() time.Time { return s.clock.Now().Truncate(time.Microsecond).UTC() }

// fill draws random bytes.
func (s *Service) fill(b []byte) {
	if _, err := io.ReadFull(s.random, b); err != nil {
		panic(err) // The system's source never fails, and a known secret would be worse than an end.
	}
}

// secret draws 256 bits.
func (s *Service) secret() (secret session.Secret) {
	s.fill(secret[:])
	return secret
}

// life is how long a session goes on without being refreshed.
func (s *Service) life(method apiv1.SignInMethod) time.Duration {
	if method == apiv1.SignInMethod_SIGN_IN_METHOD_GUEST {
		return s.auth.GuestTokenTTL
	}
	return s.auth.SessionTTL
}

// newSession begins a session, which is not stored yet.
func (s *Service) newSession(player uuid.UUID, method apiv1.SignInMethod, client string) (session.Session, session.Token, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return session.Session{}, session.Token{}, err
	}
	begun, refresh := session.New(id, player, method, client, s.secret(), s.secret(), s.now(), s.life(method))
	return begun, refresh, nil
}

// begin stores a new session. Where the player has too many, the one that was not used for longest ends.
func (s *Service) begin(ctx context.Context, tx store.Tx, player uuid.UUID, method apiv1.SignInMethod, credential uuid.UUID, client string) (session.Session, session.Token, error) {
	begun, refresh, err := s.newSession(player, method, client)
	if err != nil {
		return begun, refresh, err
	}
	begun.Credential = credential
	live, err := tx.LiveSessions(ctx, player, begun.Created)
	if err != nil {
		return begun, refresh, err
	}
	signedIn := slices.DeleteFunc(live, isKey)
	for len(signedIn) >= maxSessions {
		oldest := signedIn[len(signedIn)-1]
		signedIn = signedIn[:len(signedIn)-1]
		oldest.End(begun.Created)
		if err := tx.SaveSession(ctx, oldest); err != nil {
			return begun, refresh, err
		}
	}
	return begun, refresh, tx.AddSession(ctx, begun)
}

// access signs an access token of a session.
func (s *Service) access(of session.Session, role optionsv1.Role) (raw string, expires time.Time, err error) {
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

// credentials are what whoever signs in gets.
func (s *Service) credentials(of session.Session, refresh session.Token, role optionsv1.Role) (*apiv1.Credentials, error) {
	raw, expires, err := s.access(of, role)
	if err != nil {
		return nil, err
	}
	return &apiv1.Credentials{PlayerId: of.Player.String(), SessionId: of.ID.String(), AccessToken: raw, ExpiresAt: timestamppb.New(expires),
		RefreshToken: refresh.String(), RefreshExpiresAt: timestamppb.New(of.Expires)}, nil
}
