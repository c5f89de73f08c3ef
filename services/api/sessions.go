package api

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/session"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

const (
	// endedPage is how many ended sessions a gateway gets in one answer.
	endedPage = 10_000
	// maxSessions is how many live sessions a player has; API keys count separately.
	maxSessions = 100
)

// sessionServer implements the contract of sessions.
type sessionServer struct {
	apiv1.UnimplementedSessionServiceServer
	*Service
}

// RefreshSession implements the contract.
func (s *sessionServer) RefreshSession(ctx context.Context, req *apiv1.RefreshSessionRequest) (*apiv1.RefreshSessionResponse, error) {
	used, ok := session.Parse(req.GetRefreshToken())
	if !ok {
		return nil, sessionError(session.ErrNotFound)
	}
	nonce, now := s.newSecret(), s.now()
	var found session.Session
	var next session.Token
	var owner player.Player
	var outcome error
	err := s.store.Write(ctx, func(tx store.Tx) (err error) {
		if found, outcome = tx.Session(ctx, used.Session); outcome != nil {
			return nil
		}
		if next, outcome = found.Refresh(used, nonce, now, s.sessionLifetime(found.Method)); outcome != nil && !errors.Is(outcome, session.ErrReused) {
			return nil
		}
		if owner, err = sessionPlayer(ctx, tx, found); err != nil {
			return err
		}
		return tx.SaveSession(ctx, found)
	})
	if err != nil {
		return nil, sessionError(err)
	}
	if errors.Is(outcome, session.ErrReused) {
		telemetry.Audit(s.logger).WarnContext(ctx, "a refresh token was used twice; its session was ended", "session", found.ID, "player_id", found.Player)
	}
	if outcome != nil {
		return nil, sessionError(outcome)
	}
	credentials, err := s.newCredentials(found, next, owner.Role)
	return &apiv1.RefreshSessionResponse{Credentials: credentials}, err
}

// sessionError translates the errors of package session for callers.
func sessionError(err error) error {
	switch {
	case errors.Is(err, session.ErrEnded):
		return errs.New(errorsv1.Reason_REASON_SESSION_ENDED, "the session was ended; sign in again")
	case errors.Is(err, session.ErrReused):
		return errs.New(errorsv1.Reason_REASON_REFRESH_TOKEN_REUSED, "the refresh token was already used, so the session was ended; sign in again")
	case errors.Is(err, session.ErrExpired):
		return errs.New(errorsv1.Reason_REASON_TOKEN_EXPIRED, "the session has expired; sign in again")
	case errors.Is(err, session.ErrNotFound):
		return errs.New(errorsv1.Reason_REASON_TOKEN_INVALID, "the token is not valid here; sign in again")
	}
	return err
}

// ListSessions implements the contract.
func (s *sessionServer) ListSessions(ctx context.Context, _ *apiv1.ListSessionsRequest) (*apiv1.ListSessionsResponse, error) {
	caller := identity.FromContext(ctx)
	live, err := s.liveSessions(ctx, caller.Player)
	if err != nil {
		return nil, err
	}
	resp := &apiv1.ListSessionsResponse{}
	for _, found := range live {
		if !isAPIKey(found) {
			resp.Sessions = append(resp.Sessions, sessionToProto(found, caller.Session))
		}
	}
	return resp, nil
}

func (s *Service) liveSessions(ctx context.Context, player uuid.UUID) (live []session.Session, err error) {
	err = s.store.Read(ctx, func(tx store.Tx) (err error) { live, err = tx.LiveSessions(ctx, player, s.now()); return err })
	return live, err
}

func sessionToProto(found session.Session, current uuid.UUID) *apiv1.Session {
	return &apiv1.Session{SessionId: found.ID.String(), Method: found.Method, Client: found.Client, CreatedAt: timestamppb.New(found.Created),
		UsedAt: timestamppb.New(found.Used), ExpiresAt: timestamppb.New(found.Expires), Current: found.ID == current}
}

// EndSession implements the contract.
func (s *sessionServer) EndSession(ctx context.Context, req *apiv1.EndSessionRequest) (*apiv1.EndSessionResponse, error) {
	caller := identity.FromContext(ctx)
	id := caller.Session
	if req.GetSessionId() != "current" {
		id = uuid.MustParse(req.GetSessionId()) // The contract has its form.
	}
	err := s.endSession(ctx, caller.Player, id, false)
	if errors.Is(err, session.ErrNotFound) {
		err = errs.New(errorsv1.Reason_REASON_SESSION_NOT_FOUND, "you have no session %s; GET /api/v1/sessions lists yours", id)
	}
	if err != nil {
		return nil, err
	}
	return &apiv1.EndSessionResponse{Current: id == caller.Session}, nil
}

// EndAllSessions implements the contract.
func (s *sessionServer) EndAllSessions(ctx context.Context, _ *apiv1.EndAllSessionsRequest) (*apiv1.EndAllSessionsResponse, error) {
	player, ended := identity.FromContext(ctx).Player, 0
	err := s.store.Write(ctx, func(tx store.Tx) (err error) {
		if err = lockPlayer(ctx, tx, player); err != nil {
			return err
		}
		ended, err = s.endSessionsWhere(ctx, tx, player, func(session.Session) bool { return true })
		return err
	})
	return &apiv1.EndAllSessionsResponse{Ended: int32(ended)}, err
}

// endSession ends a player's session or, if key is true, API key. It succeeds for one that is over, since the call may repeat one
// whose answer was lost.
func (s *Service) endSession(ctx context.Context, player, id uuid.UUID, key bool) error {
	return s.store.Write(ctx, func(tx store.Tx) error {
		if err := lockPlayer(ctx, tx, player); err != nil {
			return err
		}
		found, err := tx.Session(ctx, id)
		if err == nil && (found.Player != player || isAPIKey(found) != key) {
			err = session.ErrNotFound
		}
		if err != nil || found.Live(s.now()) != nil {
			return err
		}
		found.End(s.now())
		return tx.SaveSession(ctx, found)
	})
}

// endSessionsWhere ends the live sessions of a player that match, and returns how many it ended.
func (s *Service) endSessionsWhere(ctx context.Context, tx store.Tx, player uuid.UUID, match func(session.Session) bool) (ended int, err error) {
	now := s.now()
	live, err := tx.LiveSessions(ctx, player, now)
	if err != nil {
		return 0, err
	}
	for _, sess := range live {
		if !match(sess) {
			continue
		}
		sess.End(now)
		if err := tx.SaveSession(ctx, sess); err != nil {
			return 0, err
		}
		ended++
	}
	return ended, nil
}

// ListEndedSessions implements the contract.
func (s *sessionServer) ListEndedSessions(ctx context.Context, req *apiv1.ListEndedSessionsRequest) (*apiv1.ListEndedSessionsResponse, error) {
	var ended []session.Ended
	err := s.store.Read(ctx, func(tx store.Tx) (err error) {
		ended, err = tx.EndedSessions(ctx, req.GetAfter().AsTime().Truncate(time.Microsecond), endedPage)
		return err
	})
	resp := &apiv1.ListEndedSessionsResponse{More: len(ended) == endedPage}
	for _, sess := range ended {
		resp.Sessions = append(resp.Sessions, &apiv1.EndedSession{SessionId: sess.ID[:], EndedAt: timestamppb.New(sess.At)})
	}
	return resp, err
}
