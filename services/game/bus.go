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

// watcherBuffer is how many events a watcher may be behind before it is sent to the store.
const watcherBuffer = 64

// limitedPlayers is how many players this process remembers the messages and wrong codes of.
const limitedPlayers = 100_000

// codec is how events travel between replicas: as the store keeps them, so replicas one version apart understand them.
var codec = events.Codec[*play.Event]{
	Encode: func(event *play.Event) ([]byte, error) { return proto.Marshal(event) },
	Decode: func(encoded []byte) (*play.Event, error) {
		event := &gamev1.Event{}
		return event, proto.Unmarshal(encoded, event)
	},
}

// openBus connects watchers with what happens, and has messages and wrong codes counted: at all replicas where they share a
// Redis, else at this one.
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
	s.events = events.NewRedis(client, "game", watcherBuffer, codec, s.clock, scope)
	return nil
}

// Degraded implements service.Degradable: without Redis, watchers see what other replicas do a little later.
func (s *Service) Degraded() []admin.Check { return s.degraded }
