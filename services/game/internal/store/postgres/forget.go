package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/codec"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres/db"
)

// saveChat indexes chat events by their authors.
func (t *transaction) saveChat(ctx context.Context, turns []*play.Turn) error {
	var games []uuid.UUID
	var all []play.ChatMessage
	for _, turn := range turns {
		for _, message := range turn.ChatMessages() {
			games, all = append(games, turn.Game.ID), append(all, message)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return t.later.InsertChats(ctx, column(all, func(s play.ChatMessage) uuid.UUID { return s.Player }), games,
		column(all, func(s play.ChatMessage) int64 { return s.Sequence }))
}

// EraseChat implements play.Tx. The lock of the game guards its events.
func (t *transaction) EraseChat(ctx context.Context, game, player uuid.UUID, limit int) (int, error) {
	if t.cached {
		return 0, errNotCached // The game is not locked.
	}
	var rows []db.ChatOfRow
	await(t, &rows, func(q *db.Queries) ([]db.ChatOfRow, error) { return q.ChatOf(ctx, game, player, int32(limit)) })
	if err := t.tx.Flush(ctx); err != nil || len(rows) == 0 {
		return 0, err
	}
	blank := make([][]byte, len(rows))
	for i, row := range rows {
		var err error
		if blank[i], err = codec.EraseChatText(row.Event); err != nil {
			return 0, fmt.Errorf("event %d of game %s: %w", row.Sequence, game, err)
		}
	}
	sequences := column(rows, func(row db.ChatOfRow) int64 { return row.Sequence })
	if err := t.later.UpdateEvents(ctx, sequences, game, blank); err != nil {
		return 0, err
	}
	return len(rows), t.later.DeleteChats(ctx, player, game, sequences)
}

// ForgetScores implements play.Tx.
func (t *transaction) ForgetScores(ctx context.Context, player uuid.UUID) error {
	return t.later.DeleteScores(ctx, player)
}

// GamesWithPlayerData implements play.Reader.
func (s *Store) GamesWithPlayerData(ctx context.Context, player, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	return read(ctx, s, func(q *db.Queries) ([]uuid.UUID, error) {
		return q.GamesWithPlayerData(ctx, int32(limit), player, after)
	})
}
