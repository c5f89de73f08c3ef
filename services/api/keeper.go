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
	// keeperInterval is how often keys are looked at and old sessions forgotten; signing.Lead is many of it.
	keeperInterval = time.Minute
	// keeperTimeout is how long one part of that may take.
	keeperTimeout = 30 * time.Second
	// forgetBatch is how many rows of a kind one transaction forgets. Others wait for it.
	forgetBatch = 1000
)

// keeper does what no call does: keys take over from keys, what is over is forgotten, and the tables hear of deletions that they missed.
// Every replica does it.
type keeper struct {
	*Service
	loop run.Loop
}

func (k *keeper) start() { k.loop.Start(k.clock, keeperInterval, k.tick) }

// tick does each part. One that fails is logged and done at the next tick.
func (k *keeper) tick(ctx context.Context) {
	for name, part := range map[string]func(context.Context) error{"signing keys": k.turnKeys, "what is over": k.forgetOld, "deleted players": k.tellAll} {
		bounded, cancel := context.WithTimeout(ctx, keeperTimeout)
		if err := part(bounded); err != nil && ctx.Err() == nil {
			k.logger.WarnContext(ctx, "keeper", "part", name, "error", err)
		}
		cancel()
	}
}

// forgetOld removes sessions whose last access token is not good any more, so that no gateway has to know their end, and codes and
// challenges that are over.
func (k *keeper) forgetOld(ctx context.Context) error {
	now, most := k.now(), forgetBatch
	for most == forgetBatch { // A full batch leaves more behind; others write in between.
		err := k.store.Write(ctx, func(tx store.Tx) error {
			sessions, err1 := tx.ForgetSessions(ctx, now.Add(-config.MaxAccessTokenTTL-time.Hour), forgetBatch)
			codes, err2 := tx.ForgetCodes(ctx, now.Add(-time.Hour), forgetBatch)
			challenges, err3 := tx.ForgetChallenges(ctx, now.Add(-time.Hour), forgetBatch)
			most = max(sessions, codes, challenges)
			return errors.Join(err1, err2, err3)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
