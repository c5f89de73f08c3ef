package game

import (
	"context"
	"log/slog"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/errs"
)

// placing is a bet on its way, as the log shows it.
type placing struct {
	*Service
	ctx          context.Context
	game, player uuid.UUID
	amount       int64
}

// showBets puts on a call's span who bets where.
func showBets(ctx context.Context, game, player uuid.UUID, more ...attribute.KeyValue) {
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetAttributes(append(more, attribute.String("game.id", game.String()), attribute.String("player.id", player.String()))...)
	}
}

// placing begins to show a bet.
func (s *Service) placing(ctx context.Context, game, player uuid.UUID, amount int64) placing {
	p := placing{s, ctx, game, player, amount}
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
