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
	// presenceKeyPrefix begins the key of a game's hash, which has a field for each process.
	presenceKeyPrefix = "bitcraps:presence:v1:"
	// presenceExpiry is how long an entry counts after its process has died. Clocks may differ by a fraction of it.
	presenceExpiry = 20 * time.Second
	// presenceBatch is the number of games per round trip.
	presenceBatch = 256
)

// redisPresence is a PresenceStore for all processes that share a Redis.
type redisPresence struct {
	client    *redis.Client
	clock     clockwork.Clock
	origin    string          // Identifies this process.
	published map[string]bool // The games of the last exchange.
}

// presenceEntry is what one process has published about a game.
type presenceEntry struct {
	Presence
	// Until is when the entry expires, in milliseconds of Unix time.
	Until int64 `json:"until"`
}

// NewRedisPresence returns a PresenceStore in Redis. The caller remains responsible for closing the client.
func NewRedisPresence(client *redis.Client, clock clockwork.Clock) PresenceStore {
	return &redisPresence{client: client, clock: clock, origin: uuid.NewString(), published: make(map[string]bool)}
}

// Exchange implements PresenceStore.
func (b *redisPresence) Exchange(ctx context.Context, local map[string]Presence) map[string]Presence {
	remote := make(map[string]Presence, len(local))
	if !b.client.Up() {
		return remote
	}
	for game := range b.published {
		if _, still := local[game]; !still {
			local[game] = Presence{} // Nobody watches it any more.
		}
	}
	ids := make([]string, 0, len(local))
	for game := range local {
		ids = append(ids, game)
	}
	for batch := range slices.Chunk(ids, presenceBatch) {
		if err := b.exchangeBatch(ctx, batch, local, remote); err != nil {
			b.client.Failed(err)
			return remote
		}
	}
	return remote
}

func (b *redisPresence) exchangeBatch(ctx context.Context, games []string, local, remote map[string]Presence) error {
	ctx, cancel := context.WithTimeout(ctx, b.client.Timeout())
	defer cancel()
	pipe := b.client.Pipeline()
	answers := make([]*goredis.MapStringStringCmd, len(games))
	now := b.clock.Now()
	for i, game := range games {
		key := presenceKeyPrefix + game
		if local[game].Watching == 0 {
			delete(b.published, game)
			pipe.HDel(ctx, key, b.origin)
			continue
		}
		b.published[game] = true
		text, err := json.Marshal(presenceEntry{local[game], now.Add(presenceExpiry).UnixMilli()})
		if err != nil {
			return err
		}
		pipe.HSet(ctx, key, b.origin, text)
		pipe.PExpire(ctx, key, 2*presenceExpiry)
		answers[i] = pipe.HGetAll(ctx, key)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	for i, game := range games {
		if answers[i] != nil {
			remote[game] = b.sumOthers(answers[i].Val(), now)
		}
	}
	return nil
}

// sumOthers adds up the unexpired entries of other processes.
func (b *redisPresence) sumOthers(fields map[string]string, now time.Time) (all Presence) {
	for origin, text := range fields {
		var posted presenceEntry
		if origin == b.origin || json.Unmarshal([]byte(text), &posted) != nil || posted.Until < now.UnixMilli() {
			continue
		}
		all.Watching += posted.Watching
		all.Seated = append(all.Seated, posted.Seated...)
	}
	return all
}
