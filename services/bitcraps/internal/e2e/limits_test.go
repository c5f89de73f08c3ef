package e2e_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// slowRate sets a rate that is so low that a test only sees its burst.
func slowRate(kind, burst string) []string {
	return []string{"gateway.limits.rates." + kind + ".per_minute=1", "gateway.limits.rates." + kind + ".burst=" + burst}
}

// fromAddress returns a client with an address of its own, behind a proxy that the platform trusts.
func (tg *target) fromAddress(t *testing.T, address string) *client {
	t.Helper()
	c := newClient(t, tg.url())
	c.header.Set("X-Forwarded-For", address)
	return c
}

// callUntilLimited repeats a request until it is rate-limited, and returns how often it was not.
func callUntilLimited(c *client, most int, method, path string) (n int, last *response) {
	c.t.Helper()
	for n = 0; n <= most; n++ {
		if last = c.do(method, path, nil); last.status == 429 {
			return n, last
		}
	}
	return n, last
}

// TestRateLimits exceeds the rates of players and of addresses.
func TestRateLimits(t *testing.T) {
	set := append(slowRate("create", "3"), slowRate("address", "40")...)
	tg := ownTarget(t, append(set, "network.trusted_proxies=127.0.0.0/8")...)
	alice, bob := tg.fromAddress(t, "203.0.113.1"), tg.fromAddress(t, "203.0.113.1")
	n, refused := callUntilLimited(alice, 3, "POST", "/api/v1/games")
	wait, err := strconv.Atoi(refused.header.Get("Retry-After"))
	if n != 3 || !strings.Contains(refused.text, `"RATE_LIMITED"`) || err != nil || wait < 1 || wait > 60 ||
		refused.header.Get("RateLimit-Policy") != `"create";q=1;w=60` || !strings.HasPrefix(refused.header.Get("RateLimit"), `"create";r=0;t=1`) ||
		refused.header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("%d games, then %v %s", n, refused.header, refused.text)
	}
	if n, _ := callUntilLimited(bob, 2, "POST", "/api/v1/games"); n != 3 {
		t.Errorf("another player of the same address is limited too: %d", n)
	}
	if n, refused := callUntilLimited(bob, 40, "GET", "/nowhere"); n > 33 || refused.header.Get("RateLimit-Policy") != `"address";q=1;w=60` {
		t.Errorf("an address makes %d calls more, then %v", n, refused.header)
	}
	if got := alice.do("GET", "/api/v1/games", nil); got.status != 429 {
		t.Errorf("an address has two separate limits: %d", got.status)
	}
	if got := tg.fromAddress(t, "203.0.113.2").do("GET", "/api/v1/games", nil); got.status != 200 {
		t.Errorf("another address is limited too: %d", got.status)
	}
	metrics := alice.must(200, "GET", "/metrics", nil).text // Probes are not counted.
	for _, want := range []string{`bitcraps_rate_limited_total{rate="create",`, `bitcraps_rate_limited_total{rate="address",`} {
		if !strings.Contains(metrics, want) || strings.Contains(metrics, want+`replica="0",service="gateway"} 0`) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// TestGuestAndSignInRates makes new guests, and has two signed-in players of one address try to sign in: both rates are the address's.
func TestGuestAndSignInRates(t *testing.T) {
	tg := ownTarget(t, append(append(slowRate("guest", "3"), slowRate("sign_in", "3")...), "network.trusted_proxies=127.0.0.0/8")...)
	alice, bob := tg.fromAddress(t, "203.0.113.1"), tg.fromAddress(t, "203.0.113.1")
	alice.must(201, "POST", "/api/v1/games", nil)
	bob.must(201, "POST", "/api/v1/games", nil)
	tg.fromAddress(t, "203.0.113.1").must(201, "POST", "/api/v1/games", nil)
	if got := tg.fromAddress(t, "203.0.113.1").do("POST", "/api/v1/games", nil); got.status != 429 || !strings.HasPrefix(got.header.Get("RateLimit-Policy"), `"guest"`) {
		t.Errorf("a fourth guest of an address: %d %v", got.status, got.header)
	}
	wrong := map[string]any{"email": "nobody@example.com", "password": "a long wrong password"}
	for i, c := range []*client{alice, bob, alice, bob} {
		got := c.do("POST", "/api/v1/sessions:password", wrong)
		if limited := got.status == 429 && strings.HasPrefix(got.header.Get("RateLimit-Policy"), `"sign_in"`); limited != (i == 3) {
			t.Errorf("attempt %d to sign in: %d %s %v", i+1, got.status, got.text, got.header)
		}
	}
}

func TestLimitsCanBeSwitchedOff(t *testing.T) {
	c := newClient(t, ownTarget(t, append(slowRate("create", "1"), "security.enable_rate_limiting=false")...).url())
	if n, last := callUntilLimited(c, 5, "POST", "/api/v1/games"); n != 6 || last.header.Get("RateLimit") != "" {
		t.Errorf("%d games, then %v", n, last.header)
	}
}

// reports checks whether the probes and the metrics of a platform report this state of Redis.
func (c *client) reports(status, redis, up string) bool {
	c.t.Helper()
	ready, health := c.must(200, "GET", "/ready", nil), c.must(200, "GET", "/health", nil)
	return ready.str("status") == status && health.str("status") == status && ready.str("parts.redis") == redis && health.str("parts.redis") == redis &&
		strings.Contains(c.must(200, "GET", "/metrics", nil).text, `bitcraps_redis_up{replica="0",service="gateway"} `+up)
}

// TestPlatformsShareRedis runs two platforms on one Redis. They share limits while it is available; without it, each continues with
// limits of its own, and reports that.
func TestPlatformsShareRedis(t *testing.T) {
	server := testserver.NewRedis(t)
	set := append(slowRate("address", "10"), "redis.url="+server.URL(), "redis.timeout=10s", "network.trusted_proxies=127.0.0.1")
	a, b := ownTarget(t, set...), ownTarget(t, set...)
	visit := func(tg *target, address string) int {
		t.Helper()
		n, _ := callUntilLimited(tg.fromAddress(t, address), 20, "GET", "/nowhere")
		return n
	}
	if n, m := visit(a, "203.0.113.1"), visit(b, "203.0.113.1"); n != 10 || m != 0 {
		t.Errorf("an address makes %d calls at one platform and %d at the other", n, m)
	}
	probes := []*client{newClient(t, a.url()), newClient(t, b.url())}
	reports := func(status, redis, up string) bool {
		t.Helper()
		return !slices.ContainsFunc(probes, func(probe *client) bool { return !probe.reports(status, redis, up) })
	}
	testserver.Eventually(t, "health", func() bool { return reports("ok", "ok", "1") })
	server.Kill()
	if n, m := visit(a, "203.0.113.1"), visit(b, "203.0.113.1"); n != 10 || m != 10 {
		t.Errorf("without Redis an address makes %d and %d calls", n, m)
	}
	testserver.Eventually(t, "the degraded state", func() bool { return reports("degraded", "failing", "0") })
	player := a.fromAddress(t, "203.0.113.3")
	table := player.newGame()
	player.bet(table, "pass_line", 10)
	player.must(200, "POST", table+"/roll", nil)
	server.Restart(t)
	testserver.Eventually(t, "recovery", func() bool { return reports("ok", "ok", "1") })
	if n, m := visit(a, "203.0.113.4"), visit(b, "203.0.113.4"); n+m > 15 || n != 10 {
		t.Errorf("after the restart an address makes %d and %d calls", n, m)
	}
}
