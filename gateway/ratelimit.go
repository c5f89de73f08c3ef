package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/ratelimit"
	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// maxLimitedKeys is the number of players and addresses whose calls this process counts.
const maxLimitedKeys = 200_000

// rateLimiter counts calls and refuses those that exceed the configured rates.
type rateLimiter struct {
	limiter ratelimit.Limiter // nil if rates are not limited.
	rates   map[string]ratelimit.Limit
	policy  map[string][]string // The RateLimit-Policy header of each rate.
	proxies proxies
	refused *prometheus.CounterVec
}

// newRateLimiter returns a limiter that counts calls together with all processes that share the Redis, or alone if it is nil.
func newRateLimiter(cfg Config, shared *redis.Client, clock clockwork.Clock, scope telemetry.Scope) (*rateLimiter, error) {
	l := &rateLimiter{rates: make(map[string]ratelimit.Limit), policy: make(map[string][]string)}
	if !cfg.Security.EnableRateLimiting {
		return l, nil
	}
	var err error
	if l.proxies, err = parseProxies(cfg.Network.TrustedProxies); err != nil {
		return nil, err
	}
	l.refused = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bitcraps_rate_limited_total", Help: "REST requests refused because they exceeded a rate limit, by rate.",
	}, []string{"rate"})
	scope.Metrics.MustRegister(l.refused)
	for kind, rate := range cfg.Limits.Rates.byKind() {
		l.rates[kind], l.policy[kind] = rate.limit(), []string{fmt.Sprintf("%q;q=%d;w=60", kind, rate.PerMinute)}
		l.refused.WithLabelValues(kind)
	}
	local := ratelimit.NewMemory(clock, maxLimitedKeys)
	l.limiter = local
	if shared != nil {
		l.limiter = ratelimit.NewFallback(shared, ratelimit.NewRedis(shared), local)
	}
	return l, nil
}

// countAddress counts a call against the total rate of its address.
func (l *rateLimiter) countAddress(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	return l.count(ctx, w, rateAddress, l.address(r))
}

// countGuest counts a call that creates a guest or refreshes a session.
func (l *rateLimiter) countGuest(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	return l.count(ctx, w, rateGuest, l.address(r))
}

// countSignIn counts an attempt to sign in.
func (l *rateLimiter) countSignIn(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	return l.count(ctx, w, rateSignIn, l.address(r))
}

// countRoute counts a call against the player's rate, or against the address's if the caller is anonymous or the call is a sign-in
// or requests a mail, since anyone can create further players.
func (l *rateLimiter) countRoute(ctx context.Context, w http.ResponseWriter, r *http.Request, route Route) error {
	kind, player := rateKind(route), identity.FromContext(ctx).Player
	if player == uuid.Nil || kind == rateSignIn || kind == rateMail {
		return l.count(ctx, w, kind, l.address(r))
	}
	return l.count(ctx, w, kind, player.String())
}

func (l *rateLimiter) address(r *http.Request) string { return subscriber(l.proxies.client(r)) }

// Headers of draft-ietf-httpapi-ratelimit-headers in net/http's canonical form, which avoids canonicalizing them for each response.
const (
	rateLimitPolicyHeader = "Ratelimit-Policy"
	rateLimitHeader       = "Ratelimit"
)

// count counts a call of a kind and reports the remaining quota in the response's header. The parameters are those of
// draft-ietf-httpapi-ratelimit-headers-10: a policy allows q calls in w seconds; r of them remain, and the full quota is restored in
// t seconds. If several rates apply, the header reports the one counted last, which is that of the kind of call.
func (l *rateLimiter) count(ctx context.Context, w http.ResponseWriter, kind, key string) error {
	result, err := l.allow(ctx, kind, key)
	if l.limiter == nil || err != nil && errs.Reason(err) != errorsv1.Reason_REASON_RATE_LIMITED {
		return err
	}
	header, reset := w.Header(), seconds(result.ResetAfter)
	header[rateLimitPolicyHeader] = l.policy[kind] // The shared slice must not be modified.
	header[rateLimitHeader] = []string{`"` + kind + `";r=` + strconv.Itoa(result.Remaining) + ";t=" + strconv.Itoa(reset)}
	if result.Allowed {
		return nil
	}
	// For clients that predate the draft.
	header.Set("X-RateLimit-Limit", strconv.Itoa(l.rates[kind].Rate))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(result.Remaining))
	header.Set("X-RateLimit-Reset", strconv.Itoa(reset))
	return err
}

// allow counts a call of a kind, which need not be an HTTP request. It fails if the call exceeds the rate.
func (l *rateLimiter) allow(ctx context.Context, kind, key string) (ratelimit.Result, error) {
	if l.limiter == nil {
		return ratelimit.Result{Allowed: true}, nil
	}
	result, err := l.limiter.Allow(ctx, kind+":"+key, l.rates[kind], 1)
	if err != nil || result.Allowed {
		return result, err
	}
	l.refused.WithLabelValues(kind).Inc()
	return result, errs.New(errorsv1.Reason_REASON_RATE_LIMITED, "too many calls; the rate %q allows %d a minute, %d at once. Try again in %s",
		kind, l.rates[kind].Rate, l.rates[kind].Burst, time.Duration(seconds(result.RetryAfter))*time.Second).
		WithMetadata("rate", kind).WithMetadata("per_minute", l.rates[kind].Rate).WithMetadata("burst", l.rates[kind].Burst).RetryAfter(result.RetryAfter)
}

// seconds converts a duration to whole seconds, rounding up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
