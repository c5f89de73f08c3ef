package game

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/ratelimit"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// chatLimit is how many messages a player may post, at all tables together.
var chatLimit = ratelimit.Limit{Rate: 30, Period: time.Minute, Burst: 5}

// chatRetryLimit has the time within which a message that is retried with its request id is not counted again.
var chatRetryLimit = ratelimit.Limit{Rate: 1, Period: time.Minute, Burst: 1}

// allowMessage counts a message against chatLimit. Retries with the same request id count once, since they post one message.
func (s *Service) allowMessage(ctx context.Context, player uuid.UUID, requestID string) error {
	key, retryKey := "chat:"+player.String(), ""
	if requestID != "" {
		retryKey = key + ":" + requestID
		if err := s.allow(ctx, retryKey, chatRetryLimit, 0, "messages"); err != nil {
			return ignoreRateLimit(err)
		}
	}
	if err := s.allow(ctx, key, chatLimit, 1, "messages"); err != nil || retryKey == "" {
		return err
	}
	return ignoreRateLimit(s.allow(ctx, retryKey, chatRetryLimit, 1, "messages")) // The same message may be in flight twice.
}

// ignoreRateLimit returns err unless it is that of a rate limit.
func ignoreRateLimit(err error) error {
	if errs.Reason(err) == errorsv1.Reason_REASON_RATE_LIMITED {
		return nil
	}
	return err
}

// PostChat implements the contract.
func (s *lobbyServer) PostChat(ctx context.Context, req *gamev1.PostChatRequest) (*gamev1.PostChatResponse, error) {
	id, err := parseID("game_id", req.GetGameId())
	if err != nil {
		return nil, err
	}
	player := identity.FromContext(ctx).Player
	limited := s.allowMessage(ctx, player, req.GetRequestId())
	if ignoreRateLimit(limited) != nil || limited != nil && req.GetRequestId() == "" {
		return nil, limited
	}
	resp := &gamev1.PostChatResponse{}
	return resp, s.committer.do(&command{ctx: ctx, actor: player, key: play.Key{Game: id, Player: player}, req: req, resp: resp,
		run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (*play.Turn, error) {
			if limited != nil { // run is not called for a retry of a message that was posted before.
				return nil, limited
			}
			if err := checkAdmitted(ctx, tx, turn, player); err != nil {
				return nil, err
			}
			member, err := memberOf(ctx, tx, turn, player)
			if err != nil {
				return nil, err
			}
			if err := turn.Chat(player, member, req.GetText()); err != nil {
				return nil, err
			}
			resp.Sequence = int64(turn.Game.Sequence)
			return turn, nil
		}})
}

// MutePlayer implements the contract.
func (s *lobbyServer) MutePlayer(ctx context.Context, req *gamev1.MutePlayerRequest) (*gamev1.MutePlayerResponse, error) {
	return &gamev1.MutePlayerResponse{}, s.mute(ctx, req.GetGameId(), req.GetPlayerId(), true)
}

// UnmutePlayer implements the contract.
func (s *lobbyServer) UnmutePlayer(ctx context.Context, req *gamev1.UnmutePlayerRequest) (*gamev1.UnmutePlayerResponse, error) {
	return &gamev1.UnmutePlayerResponse{}, s.mute(ctx, req.GetGameId(), req.GetPlayerId(), false)
}

func (s *Service) mute(ctx context.Context, gameID, playerID string, muted bool) error {
	target, err := parseID("player_id", playerID)
	if err != nil {
		return err
	}
	return s.updateGame(ctx, gameID, play.Key{}, func(ctx context.Context, tx play.Tx, turn *play.Turn, player uuid.UUID) error {
		before, err := memberOf(ctx, tx, turn, target)
		if err != nil {
			return err
		}
		return turn.Mute(player, target, before, muted)
	})
}
