package api

import (
	"context"
	"errors"
	"time"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/run"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

const (
	// maintenanceInterval is how often the tasks run; signing.Lead is many times as long.
	maintenanceInterval = time.Minute
	// maintenanceTimeout bounds one task.
	maintenanceTimeout = 30 * time.Second
	// deleteBatch is how many rows of a kind one transaction deletes. Other writers wait for it.
	deleteBatch = 1000
)

// maintenance runs the tasks that belong to no call: it rotates signing keys, deletes expired rows, and informs the game service of
// deletions that it missed. Every replica runs it.
type maintenance struct {
	*Service
	loop run.Loop
}

func (k *maintenance) start() { k.loop.Start(k.clock, maintenanceInterval, k.tick) }

// tick runs each task. A task that fails is logged and retried at the next tick.
func (k *maintenance) tick(ctx context.Context) {
	for name, task := range map[string]func(context.Context) error{"signing keys": k.rotateKeys, "expired rows": k.deleteExpired, "deleted players": k.propagateDeletions} {
		bounded, cancel := context.WithTimeout(ctx, maintenanceTimeout)
		if err := task(bounded); err != nil && ctx.Err() == nil {
			k.logger.WarnContext(ctx, "maintenance failed", "part", name, "error", err)
		}
		cancel()
	}
}

// deleteExpired deletes sessions whose last access token has expired, so that no gateway needs to know that they ended, and expired
// codes and challenges.
func (k *maintenance) deleteExpired(ctx context.Context) error {
	now, most := k.now(), deleteBatch
	for most == deleteBatch { // After a full batch there may be more rows; others write in between.
		err := k.store.Write(ctx, func(tx store.Tx) error {
			sessions, err1 := tx.PruneSessions(ctx, now.Add(-config.MaxAccessTokenTTL-time.Hour), deleteBatch)
			codes, err2 := tx.PruneCodes(ctx, now.Add(-time.Hour), deleteBatch)
			challenges, err3 := tx.PruneChallenges(ctx, now.Add(-time.Hour), deleteBatch)
			most = max(sessions, codes, challenges)
			return errors.Join(err1, err2, err3)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
