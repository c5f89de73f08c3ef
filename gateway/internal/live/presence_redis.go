package live

import (
	"context"
	"encoding/json"
	"maps"
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
func (p *redisPresence) Exchange(ctx context.Context, local map[string]Presence) map[string]Presence {
	remote := make(map[string]Presence, len(local))
	if !p.client.Up() {
		return remote
	}
	local = maps.Clone(local)
	for game := range p.published {
		if _, watched := local[game]; !watched {
			local[game] = Presence{} // Nobody watches it any more.
		}
	}
	ids := make([]string, 0, len(local))
	for game := range local {
		ids = append(ids, game)
	}
	for batch := range slices.Chunk(ids, presenceBatch) {
		if err := p.exchangeBatch(ctx, batch, local, remote); err != nil {
			p.client.ReportFailure(err)
			return remote
		}
	}
	return remote
}

func (p *redisPresence) exchangeBatch(ctx context.Context, games []string, local, remote map[string]Presence) error {
	ctx, cancel := context.WithTimeout(ctx, p.client.Timeout())
	defer cancel()
	pipe := p.client.Pipeline()
	replies := make([]*goredis.MapStringStringCmd, len(games))
	now := p.clock.Now()
	for i, game := range games {
		key := presenceKeyPrefix + game
		if local[game].Watching == 0 {
			delete(p.published, game)
			pipe.HDel(ctx, key, p.origin)
			continue
		}
		p.published[game] = true
		text, err := json.Marshal(presenceEntry{local[game], now.Add(presenceExpiry).UnixMilli()})
		if err != nil {
			return err
		}
		pipe.HSet(ctx, key, p.origin, text)
		pipe.PExpire(ctx, key, 2*presenceExpiry)
		replies[i] = pipe.HGetAll(ctx, key)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	for i, game := range games {
		if replies[i] != nil {
			remote[game] = p.sumOthers(replies[i].Val(), now)
		}
	}
	return nil
}

// sumOthers adds up the unexpired entries of other processes.
func (p *redisPresence) sumOthers(fields map[string]string, now time.Time) (all Presence) {
	for origin, text := range fields {
		var entry presenceEntry
		if origin == p.origin || json.Unmarshal([]byte(text), &entry) != nil || entry.Until < now.UnixMilli() {
			continue
		}
		all.Watching += entry.Watching
		all.Seated = append(all.Seated, entry.Seated...)
	}
	return all
}
