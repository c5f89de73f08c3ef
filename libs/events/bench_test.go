package events_test

import (
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/events"
	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
)

// BenchmarkPublish measures the cost of publishing for the caller, without watchers.
func BenchmarkPublish(b *testing.B) {
	scope := telemetry.Discard().For("bench", 0)
	client, err := redis.Open(b.Context(), redis.Config{URL: testserver.Redis(b), Timeout: time.Second}, clockwork.NewRealClock(), scope)
	if err != nil {
		b.Fatal(err)
	}
	overRedis := events.NewRedis(client, "bench", 64, codec, clockwork.NewRealClock(), scope)
	defer func() {
		if err := overRedis.Close(); err != nil {
			b.Error(err)
		}
	}()
	for _, tc := range []struct {
		name string
		events.Bus[uint64]
	}{{"local", events.NewLocal[uint64](64)}, {"redis", overRedis}} {
		b.Run(tc.name, func(b *testing.B) {
			for i := uint64(1); b.Loop(); i++ {
				tc.Publish(b.Context(), "a", i, i)
			}
		})
	}
}
