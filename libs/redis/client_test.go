package redis_test

import (
	"context"
	"errors"
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

// watched is a client, and the clock of its probes.
type watched struct {
	*redis.Client
	clock *clockwork.FakeClock
	tel   *telemetry.Telemetry
}

func watch(t *testing.T, server *testserver.RedisServer) watched {
	t.Helper()
	w := watched{clock: clockwork.NewFakeClock(), tel: telemetry.Discard()}
	var err error
	if w.Client, err = redis.Open(t.Context(), redis.Config{URL: server.URL(), Timeout: 10 * time.Second}, w.clock, w.tel.For("test", 0)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// reports waits until the client reports its server as up or down.
func (w watched) reports(t *testing.T, up bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for w.Up() != up {
		if err := errors.Join(w.clock.BlockUntilContext(ctx, 1), ctx.Err()); err != nil {
			t.Fatalf("it never reports that the server is up: %v: %v", up, err)
		}
		w.clock.Advance(time.Second)
	}
	if err := w.Check().Check(ctx); (err == nil) != up {
		t.Errorf("up %v, but %v", up, err)
	}
	want := map[bool]string{true: "1", false: "0"}[up]
	if err := testutil.GatherAndCompare(w.tel.Registry, strings.NewReader(`
# HELP bitcraps_redis_up Whether the Redis server answers and accepts writes: 1, or 0 while the service continues without it.
# TYPE bitcraps_redis_up gauge
bitcraps_redis_up{replica="0",service="test"} `+want+"\n"), "bitcraps_redis_up"); err != nil {
		t.Error(err)
	}
}

// TestCrashedServer checks what the client reports of a server that is killed and restarted.
func TestCrashedServer(t *testing.T) {
	server := testserver.NewRedis(t)
	client := watch(t, server)
	client.reports(t, true)
	for range 2 {
		server.Kill()
		client.reports(t, false)
		server.Restart(t)
		client.reports(t, true)
	}
}

// TestReadOnlyServer checks what the client reports of a server that refuses writes and still answers pings.
func TestReadOnlyServer(t *testing.T) {
	for name, tc := range map[string]struct{ refuse, take []any }{
		"its memory is full": {[]any{"CONFIG", "SET", "maxmemory", "1"}, []any{"CONFIG", "SET", "maxmemory", "0"}},
		"it is a replica":    {[]any{"REPLICAOF", "127.0.0.1", "1"}, []any{"REPLICAOF", "NO", "ONE"}},
	} {
		t.Run(name, func(t *testing.T) {
			client := watch(t, testserver.NewRedis(t))
			client.reports(t, true)
			if err := client.Do(t.Context(), tc.refuse...).Err(); err != nil {
				t.Fatal(err)
			}
			client.reports(t, false)
			if err := client.Ping(t.Context()).Err(); err != nil {
				t.Errorf("it answers no ping: %v", err)
			}
			if err := client.Do(t.Context(), tc.take...).Err(); err != nil {
				t.Fatal(err)
			}
			client.reports(t, true)
		})
	}
}

func TestServerMayBeDownAtTheStart(t *testing.T) {
	client, err := redis.Open(t.Context(), redis.Config{URL: "redis://127.0.0.1:1", Timeout: time.Second}, clockwork.NewFakeClock(), telemetry.Discard().For("test", 0))
	if err != nil || client.Up() {
		t.Fatalf("up %v, %v", client.Up(), err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}
