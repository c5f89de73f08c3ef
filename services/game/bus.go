package game

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/events"
	"github.com/bitcraps/bitcraps/libs/ratelimit"
	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// watcherBuffer is how many events a watcher may lag before it must read them from the store.
const watcherBuffer = 64

// limitedPlayers is how many rate-limit counters of players, for messages and wrong join codes, this process keeps.
const limitedPlayers = 100_000

// eventCodec encodes events between replicas as the store does, so that replicas one version apart understand each other.
var eventCodec = events.Codec[*play.Event]{
	Encode: func(event *play.Event) ([]byte, error) { return proto.Marshal(event) },
	Decode: func(encoded []byte) (*play.Event, error) {
		event := &gamev1.Event{}
		return event, proto.Unmarshal(encoded, event)
	},
}

// openBus opens the bus that delivers events to watchers, and the rate limiter of messages and wrong join codes. Both span all
// replicas if they share a Redis, and only this replica otherwise.
func (s *Service) openBus(ctx context.Context, scope telemetry.Scope) error {
	local := ratelimit.NewMemory(s.clock, limitedPlayers)
	s.limiter = local
	if !s.cfg.Redis.Enabled() {
		s.events = events.NewLocal[*play.Event](watcherBuffer)
		return nil
	}
	client, err := redis.Open(ctx, s.cfg.Redis, s.clock, scope)
	if err != nil {
		return err
	}
	s.limiter = ratelimit.NewFallback(client, ratelimit.NewRedis(client), local)
	s.degraded = []admin.Check{client.Check()}
	s.events = events.NewRedis(client, "game", watcherBuffer, eventCodec, s.clock, scope)
	return nil
}

// Degraded implements service.Degradable: without Redis, watchers receive the events of other replicas a little later.
func (s *Service) Degraded() []admin.Check { return s.degraded }
