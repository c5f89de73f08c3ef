package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// tellTables has the tables forget a deleted player. The deletion is noted until they have.
func (s *Service) tellTables(ctx context.Context, id uuid.UUID) error {
	if _, err := s.lobby.ForgetPlayer(ctx, &gamev1.ForgetPlayerRequest{PlayerId: id.String()}); err != nil {
		return fmt.Errorf("player %s: %w", id, err)
	}
	return s.store.Write(ctx, func(tx store.Tx) error { return tx.RemoveDeletion(ctx, id) })
}

// tellAll tells the tables of deletions that they have not heard of, since they were away or dice were in the air, the oldest first.
// One that fails keeps no other from it.
func (k *keeper) tellAll(ctx context.Context) error {
	var waiting []uuid.UUID
	err := k.store.Read(ctx, func(tx store.Tx) (err error) { waiting, err = tx.Deletions(ctx, forgetBatch); return err })
	for _, id := range waiting {
		if ctx.Err() != nil {
			break
		}
		err = errors.Join(err, k.tellTables(ctx, id))
	}
	return err
}
