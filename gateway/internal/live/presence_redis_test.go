package live_test

import (
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/gateway/internal/live"
	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/testserver"
)

// newRedisPresence returns the presence store of one process.
func newRedisPresence(t *testing.T, url string, clock clockwork.Clock) live.PresenceStore {
	t.Helper()
	client, err := redis.Open(t.Context(), redis.Config{URL: url, Timeout: time.Second}, clockwork.NewRealClock(), telemetry.Discard().For("test", 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return live.NewRedisPresence(client, clock)
}

func TestPresenceIsSharedBetweenProcesses(t *testing.T) {
	url, clock := testserver.Redis(t), clockwork.NewFakeClockAt(time.Now())
	a, b := newRedisPresence(t, url, clock), newRedisPresence(t, url, clock)
	exchange := func(board live.PresenceStore, local map[string]live.Presence, want int, seated string) {
		t.Helper()
		got := board.Exchange(t.Context(), local)["g"]
		if got.Watching != want || (len(got.Seated) > 0) != (seated != "") || seated != "" && got.Seated[0] != seated {
			t.Errorf("remote %+v, want %d and %q", got, want, seated)
		}
	}
	alice := map[string]live.Presence{"g": {Watching: 3, Seated: []string{"alice"}}}
	exchange(a, alice, 0, "")
	exchange(b, map[string]live.Presence{"g": {Watching: 2}}, 3, "alice")
	exchange(a, map[string]live.Presence{"g": {Watching: 1}}, 2, "")
	exchange(b, map[string]live.Presence{"g": {Watching: 2}}, 1, "")
	exchange(b, map[string]live.Presence{}, 0, "") // Nobody watches at b any more.
	exchange(a, alice, 0, "")
	exchange(b, map[string]live.Presence{"g": {Watching: 1}}, 3, "alice")
	clock.Advance(time.Minute) // Process a has died.
	exchange(b, map[string]live.Presence{"g": {Watching: 1}}, 0, "")
}

// TestPresenceWithoutRedisIsLocal kills the server, after which a process sees only its own watchers.
func TestPresenceWithoutRedisIsLocal(t *testing.T) {
	server := testserver.NewRedis(t)
	url := server.URL()
	a, b := newRedisPresence(t, url, clockwork.NewRealClock()), newRedisPresence(t, url, clockwork.NewRealClock())
	local := map[string]live.Presence{"g": {Watching: 1}}
	a.Exchange(t.Context(), local)
	if got := b.Exchange(t.Context(), local)["g"]; got.Watching != 1 {
		t.Errorf("%+v", got)
	}
	server.Kill()
	if got := b.Exchange(t.Context(), local)["g"]; got.Watching != 0 {
		t.Errorf("without the server: %+v", got)
	}
}
