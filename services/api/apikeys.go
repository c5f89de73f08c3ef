package api

import (
	"context"
	"errors"
	"strings"
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
	// maxAPIKeys is how many live API keys a player may have.
	maxAPIKeys = 20
	// defaultAPIKeyDays is the lifetime of a key that is created without one.
	defaultAPIKeyDays = 90
)

// apiKeyServer implements the contract of API keys. A key is stored as a session that can't be refreshed, and ends like one.
type apiKeyServer struct {
	apiv1.UnimplementedApiKeyServiceServer
	*Service
}

func isAPIKey(sess session.Session) bool {
	return sess.Method == apiv1.SignInMethod_SIGN_IN_METHOD_API_KEY
}

// CreateApiKey implements the contract.
func (s *apiKeyServer) CreateApiKey(ctx context.Context, req *apiv1.CreateApiKeyRequest) (*apiv1.CreateApiKeyResponse, error) {
	caller := identity.FromContext(ctx)
	key, secret, err := s.newSession(caller.Player, apiv1.SignInMethod_SIGN_IN_METHOD_API_KEY, req.GetName())
	if err != nil {
		return nil, err
	}
	days := int(req.GetDays())
	if days == 0 {
		days = defaultAPIKeyDays
	}
	key.Scopes, key.Expires = identity.ScopesOf(req.GetScopes()...), key.Created.Add(time.Duration(days)*24*time.Hour)
	err = s.store.Write(ctx, func(tx store.Tx) error {
		if _, err := s.signedInPlayer(ctx, tx, caller); err != nil {
			return err
		}
		live, err := tx.LiveSessions(ctx, caller.Player, key.Created)
		if err != nil {
			return err
		}
		if countSessions(live, isAPIKey) >= maxAPIKeys {
			return errs.New(errorsv1.Reason_REASON_TOO_MANY_CREDENTIALS, "you have %d API keys, which is the maximum; end one", maxAPIKeys)
		}
		return tx.AddSession(ctx, key)
	})
	if err != nil {
		return nil, err
	}
	telemetry.Audit(s.logger).InfoContext(ctx, "an API key was created", "player_id", caller.Player, "key", key.ID, "expires", key.Expires)
	return &apiv1.CreateApiKeyResponse{ApiKey: identity.KeyPrefix + secret.String(), Key: apiKeyToProto(key)}, nil
}

func countSessions(all []session.Session, match func(session.Session) bool) (n int) {
	for _, sess := range all {
		if match(sess) {
			n++
		}
	}
	return n
}

func apiKeyToProto(key session.Session) *apiv1.ApiKey {
	return &apiv1.ApiKey{KeyId: key.ID.String(), Name: key.Client, Scopes: key.Scopes.List(), CreatedAt: timestamppb.New(key.Created),
		UsedAt: timestamppb.New(key.Used), ExpiresAt: timestamppb.New(key.Expires)}
}

// ListApiKeys implements the contract.
func (s *apiKeyServer) ListApiKeys(ctx context.Context, _ *apiv1.ListApiKeysRequest) (*apiv1.ListApiKeysResponse, error) {
	live, err := s.liveSessions(ctx, identity.FromContext(ctx).Player)
	return &apiv1.ListApiKeysResponse{Keys: apiKeysToProto(live)}, err
}

func apiKeysToProto(live []session.Session) (keys []*apiv1.ApiKey) {
	for _, sess := range live {
		if isAPIKey(sess) {
			keys = append(keys, apiKeyToProto(sess))
		}
	}
	return keys
}

// EndApiKey implements the contract.
func (s *apiKeyServer) EndApiKey(ctx context.Context, req *apiv1.EndApiKeyRequest) (*apiv1.EndApiKeyResponse, error) {
	id := uuid.MustParse(req.GetKeyId()) // The contract has its form.
	err := s.endSession(ctx, identity.FromContext(ctx).Player, id, true)
	if errors.Is(err, session.ErrNotFound) {
		err = errs.New(errorsv1.Reason_REASON_API_KEY_NOT_FOUND, "you have no API key %s; GET /api/v1/api-keys lists yours", id)
	}
	return &apiv1.EndApiKeyResponse{}, err
}

// ExchangeApiKey implements the contract.
func (s *apiKeyServer) ExchangeApiKey(ctx context.Context, req *apiv1.ExchangeApiKeyRequest) (*apiv1.ExchangeApiKeyResponse, error) {
	text, prefixed := strings.CutPrefix(req.GetApiKey(), identity.KeyPrefix)
	secret, ok := session.Parse(text)
	if !ok || !prefixed {
		return nil, sessionError(session.ErrNotFound)
	}
	var key session.Session
	var owner player.Player
	now := s.now()
	err := s.store.Write(ctx, func(tx store.Tx) (err error) {
		if key, err = tx.Session(ctx, secret.Session); err != nil {
			return err
		}
		if err := key.Check(secret, now); err != nil {
			return err
		}
		if owner, err = sessionPlayer(ctx, tx, key); err != nil {
			return err
		}
		key.Used = now
		return tx.SaveSession(ctx, key)
	})
	if err != nil {
		return nil, sessionError(err)
	}
	access, _, err := s.signAccessToken(key, owner.Role)
	return &apiv1.ExchangeApiKeyResponse{AccessToken: access}, err
}
