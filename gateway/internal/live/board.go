package live

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	goredis "github.com/redis/go-redis/v9"

	"github.com/bitcraps/bitcraps/libs/redis"
)

const (
	// boardPrefix is before the key of a game, which holds a field for each process.
	boardPrefix = "bitcraps:presence:v1:"
	// boardExpiry is how long a process that died is believed to be there; clocks may differ by a part of it.
	boardExpiry = 20 * time.Second
	// boardBatch is how many games are exchanged in one round trip.
	boardBatch = 256
)

// redisBoard is a Board for all processes that share a Redis.
type redisBoard struct {
	client *redis.Client
	clock  clockwork.Clock
	origin string          // This process.
	posted map[string]bool // The games of the last exchange.
}

// entry is what a process has posted.
type entry struct {
	Present
	// Until is when it counts no more, in milliseconds of Unix time.
	Until int64 `json:"until"`
}

// NewBoard returns a Board over a Redis, which stays the caller's to close.
func NewBoard(client *redis.Client, clock clockwork.Clock) Board {
	return &redisBoard{client: client, clock: clock, origin: uuid.NewString(), posted: make(map[string]bool)}
}

// Exchange implements Board.
func (b *redisBoard) Exchange(ctx context.Context, here map[string]Present) map[string]Present {
	elsewhere := make(map[string]Present, len(here))
	if !b.client.Up() {
		return elsewhere
	}
	for game := range b.posted {
		if _, still := here[game]; !still {
			here[game] = Present{} // Nobody any more.
		}
	}
	ids := make([]string, 0, len(here))
	for game := range here {
		ids = append(ids, game)
	}
	for batch := range slices.Chunk(ids, boardBatch) {
		if err := b.batch(ctx, batch, here, elsewhere); err != nil {
			b.client.ReportFailure(err)
			return elsewhere
		}
	}
	return elsewhere
}

func (b *redisBoard) batch(ctx context.Context, games []string, here, elsewhere map[string]Present) error {
	ctx, cancel := context.WithTimeout(ctx, b.client.Timeout())
	defer cancel()
	pipe := b.client.Pipeline()
	answers := make([]*goredis.MapStringStringCmd, len(games))
	now := b.clock.Now()
	for i, game := range games {
		key := boardPrefix + game
		if here[game].Watching == 0 {
			delete(b.posted, game)
			pipe.HDel(ctx, key, b.origin)
			continue
		}
		b.posted[game] = true
		text, err := json.Marshal(entry{here[game], now.Add(boardExpiry).UnixMilli()})
		if err != nil {
			return err
		}
		pipe.HSet(ctx, key, b.origin, text)
		pipe.PExpire(ctx, key, 2*boardExpiry)
		answers[i] = pipe.HGetAll(ctx, key)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	for i, game := range games {
		if answers[i] != nil {
			elsewhere[game] = b.others(answers[i].Val(), now)
		}
	}
	return nil
}

// others adds up what other processes have posted and what still counts.
func (b *redisBoard) others(fields map[string]string, now time.Time) (all Present) {
	for origin, text := range fields {
		var posted entry
		if origin == b.origin || json.Unmarshal([]byte(text), &posted) != nil || posted.Until < now.UnixMilli() {
			continue
		}
		all.Watching += posted.Watching
		all.Seated = append(all.Seated, posted.Seated...)
	}
	return all
}
