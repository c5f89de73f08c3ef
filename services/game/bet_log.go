package game

import (
	"context"
	"log/slog"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/errs"
)

// betLog logs one attempt to place a bet.
type betLog struct {
	*Service
	ctx          context.Context
	game, player uuid.UUID
	amount       int64
}

// setBetAttributes adds the game and the player of a bet to a call's span.
func setBetAttributes(ctx context.Context, game, player uuid.UUID, more ...attribute.KeyValue) {
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetAttributes(append(more, attribute.String("game.id", game.String()), attribute.String("player.id", player.String()))...)
	}
}

// startBetLog logs the start of an attempt to place a bet.
func (s *Service) startBetLog(ctx context.Context, game, player uuid.UUID, amount int64) betLog {
	p := betLog{s, ctx, game, player, amount}
	p.log(slog.LevelInfo, "Processing bet placement")
	return p
}

// end logs the outcome of the attempt. Errors that are not the player's fault are logged by the server, as for every call.
func (p betLog) end(err error) {
	masked := errs.Mask(err)
	switch {
	case err == nil:
		p.log(slog.LevelInfo, "Bet placed successfully")
	case errs.HTTPStatus(masked) < 500:
		p.log(slog.LevelWarn, "Bet validation failed", slog.String("error", masked.Error()), slog.String("error_code", errs.Name(errs.Reason(masked))))
	}
}

func (p betLog) log(level slog.Level, msg string, more ...slog.Attr) {
	if !p.logger.Enabled(p.ctx, level) {
		return
	}
	p.logger.LogAttrs(p.ctx, level, msg, append([]slog.Attr{slog.String("game_id", p.game.String()),
		slog.String("player_id", p.player.String()), slog.Int64("bet_amount", p.amount)}, more...)...)
}
