package ratelimit

import (
	"strconv"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// BenchmarkAllow requests events of a thousand keys, sequentially and concurrently.
func BenchmarkAllow(b *testing.B) {
	limit, keys := Limit{Rate: 60_000, Period: time.Minute, Burst: 1000}, make([]string, 1000)
	for i := range keys {
		keys[i] = "bet:" + strconv.Itoa(i)
	}
	client := connect(b, testserver.Redis(b), patience, clockwork.NewFakeClock())
	for _, tc := range []struct {
		name string
		Limiter
	}{{"memory", NewMemory(clockwork.NewRealClock(), 100_000)}, {"redis", NewRedis(client)}} {
		b.Run(tc.name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if _, err := tc.Allow(b.Context(), keys[i%len(keys)], limit, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(tc.name+"/parallel", func(b *testing.B) {
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if _, err := tc.Allow(b.Context(), keys[i%len(keys)], limit, 1); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
