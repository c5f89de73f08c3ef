package redis_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testserver.Suite{M: m}) }

func TestURLs(t *testing.T) {
	for url, ok := range map[string]bool{
		"": true, "redis://localhost:6379": true, "rediss://user:secret@redis.example:6380/3": true, "unix:///run/redis.sock": true,
		"redis://": false, "redis://localhost:6379/secret": false, "redis://localhost:6379?nonsense=secret": false, "redis://user:secret@%zz": false,
	} {
		cfg := redis.Default()
		cfg.URL = url
		err := cfg.Validate()
		if (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
		if err != nil && strings.Contains(err.Error(), "user") {
			t.Errorf("%q: the error shows who signs in: %v", url, err)
		}
	}
}

// TestAServerThatDies follows what the client says of one that is killed and comes back.
func TestAServerThatDies(t *testing.T) {
	server, clock, tel := testserver.NewRedis(t), clockwork.NewFakeClock(), telemetry.Discard()
	client, err := redis.Open(t.Context(), redis.Config{URL: server.URL(), Timeout: 10 * time.Second}, clock, tel.For("test", 0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}()
	says := func(up bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for client.Up() != up {
			if err := clock.BlockUntilContext(ctx, 1); err != nil {
				t.Fatalf("it never says that the server is up: %v", up)
			}
			clock.Advance(time.Second)
		}
		if err := client.Check().Check(ctx); (err == nil) != up {
			t.Errorf("up %v, but %v", up, err)
		}
		want := map[bool]string{true: "1", false: "0"}[up]
		if err := testutil.GatherAndCompare(tel.Registry, strings.NewReader(`
# HELP bitcraps_redis_up Whether the Redis server answers: 1, or 0 while the service goes on without.
# TYPE bitcraps_redis_up gauge
bitcraps_redis_up{replica="0",service="test"} `+want+"\n"), "bitcraps_redis_up"); err != nil {
			t.Error(err)
		}
	}
	says(true)
	for range 2 {
		server.Kill()
		says(false)
		server.Restart(t)
		says(true)
	}
}

func TestAServerThatIsAwayAtTheStartIsNoError(t *testing.T) {
	client, err := redis.Open(t.Context(), redis.Config{URL: "redis://127.0.0.1:1", Timeout: time.Second}, clockwork.NewFakeClock(), telemetry.Discard().For("test", 0))
	if err != nil || client.Up() {
		t.Fatalf("up %v, %v", client.Up(), err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}
