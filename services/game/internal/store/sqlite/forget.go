package sqlite

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/codec"
)

// saveChat indexes chat events by their authors.
func (t *transaction) saveChat(ctx context.Context, turn *play.Turn) error {
	for _, message := range turn.ChatMessages() {
		if err := t.q.InsertChat(ctx, message.Player, turn.Game.ID, message.Sequence); err != nil {
			return err
		}
	}
	return nil
}

// EraseChat implements play.Tx.
func (t *transaction) EraseChat(ctx context.Context, game, player uuid.UUID, limit int) (int, error) {
	rows, err := t.q.ChatOf(ctx, player, game, int64(limit))
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		blank, err := codec.EraseChatText(row.Event)
		if err != nil {
			return 0, fmt.Errorf("event %d of game %s: %w", row.Sequence, game, err)
		}
		if err := expectOneRow(t.q.UpdateEvent(ctx, blank, game, row.Sequence)); err != nil {
			return 0, err
		}
		if err := expectOneRow(t.q.DeleteChat(ctx, player, game, row.Sequence)); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// ForgetScores implements play.Tx.
func (t *transaction) ForgetScores(ctx context.Context, player uuid.UUID) error {
	return t.q.DeleteScores(ctx, player)
}

// GamesWithPlayerData implements play.Reader.
func (s *Store) GamesWithPlayerData(ctx context.Context, player, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	return s.Reading.GamesWithPlayerData(ctx, int64(limit), player, after)
}
