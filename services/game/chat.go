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

// chatRate is how often a player may say something, at all tables together.
var chatRate = ratelimit.Limit{Rate: 30, Period: time.Minute, Burst: 5}

// chatOnce is for how long a message that is sent again with its request id does not count again.
var chatOnce = ratelimit.Limit{Rate: 1, Period: time.Minute, Burst: 1}

// mayTalk counts a message against the rate: one with a request id once, since that has its effect once.
func (s *Service) mayTalk(ctx context.Context, player uuid.UUID, requestID string) error {
	key, counted := "chat:"+player.String(), ""
	if requestID != "" {
		counted = key + ":" + requestID
		if err := s.allow(ctx, counted, chatOnce, 0, "messages"); err != nil {
			return unlessLimited(err)
		}
	}
	if err := s.allow(ctx, key, chatRate, 1, "messages"); err != nil || counted == "" {
		return err
	}
	return unlessLimited(s.allow(ctx, counted, chatOnce, 1, "messages")) // The same message may be on its way twice.
}

func unlessLimited(err error) error {
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
	limited := s.mayTalk(ctx, player, req.GetRequestId())
	if unlessLimited(limited) != nil || limited != nil && req.GetRequestId() == "" {
		return nil, limited
	}
	resp := &gamev1.PostChatResponse{}
	return resp, s.commits.do(&command{ctx: ctx, from: player, key: play.Key{Game: id, Player: player}, req: req, resp: resp,
		run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (*play.Turn, error) {
			if limited != nil { // It does not come here where the message stands already.
				return nil, limited
			}
			if err := enter(ctx, tx, turn, player); err != nil {
				return nil, err
			}
			member, err := standing(ctx, tx, turn, player)
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
	whom, err := parseID("player_id", playerID)
	if err != nil {
		return err
	}
	return s.at(ctx, gameID, play.Key{}, func(ctx context.Context, tx play.Tx, turn *play.Turn, player uuid.UUID) error {
		before, err := standing(ctx, tx, turn, whom)
		if err != nil {
			return err
		}
		return turn.Mute(player, whom, before, muted)
	})
}
