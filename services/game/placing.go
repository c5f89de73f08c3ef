package game

import (
	"context"
	"log/slog"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/errs"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// placing is a bet on its way, as log and trace show it.
type placing struct {
	*Service
	ctx          context.Context
	game, player uuid.UUID
	amount       int64
}

// placing begins to show a bet.
func (s *Service) placing(ctx context.Context, game, player uuid.UUID, req *gamev1.PlaceBetRequest) placing {
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetAttributes(attribute.String("game.id", game.String()), attribute.String("player.id", player.String()),
			attribute.Int64("bet.amount", req.GetAmount()), attribute.String("bet.type", req.GetBetType()))
	}
	p := placing{s, ctx, game, player, req.GetAmount()}
	p.log(slog.LevelInfo, "Processing bet placement")
	return p
}

// end says what came of the bet. What is no fault of the player's the server logs, as with every call.
func (p placing) end(err error) {
	masked := errs.Mask(err)
	switch {
	case err == nil:
		p.log(slog.LevelInfo, "Bet placed successfully")
	case errs.HTTPStatus(masked) < 500:
		p.log(slog.LevelWarn, "Bet validation failed", slog.String("error", masked.Error()), slog.String("error_code", errs.Name(errs.Reason(masked))))
	}
}

func (p placing) log(level slog.Level, msg string, more ...slog.Attr) {
	if !p.logger.Enabled(p.ctx, level) {
		return
	}
	p.logger.LogAttrs(p.ctx, level, msg, append([]slog.Attr{slog.String("game_id", p.game.String()),
		slog.String("player_id", p.player.String()), slog.Int64("bet_amount", p.amount)}, more...)...)
}
