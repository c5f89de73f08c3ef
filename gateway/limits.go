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

// limitedKeys is how many players and addresses this process remembers the calls of.
const limitedKeys = 200_000

// limits count calls and refuse those beyond the rates.
type limits struct {
	limiter ratelimit.Limiter // nil where rates are not limited.
	rates   map[string]ratelimit.Limit
	policy  map[string][]string // What RateLimit-Policy says of each rate.
	proxies proxies
	refused *prometheus.CounterVec
}

// newLimits counts calls together with others that share the Redis, or alone where it is nil.
func newLimits(cfg Config, shared *redis.Client, clock clockwork.Clock, scope telemetry.Scope) (*limits, error) {
	l := &limits{rates: make(map[string]ratelimit.Limit), policy: make(map[string][]string)}
	if !cfg.Security.EnableRateLimiting {
		return l, nil
	}
	var err error
	if l.proxies, err = parseProxies(cfg.Network.TrustedProxies); err != nil {
		return nil, err
	}
	l.refused = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bitcraps_rate_limited_total", Help: "REST requests refused because there were too many, by the rate that they broke.",
	}, []string{"rate"})
	scope.Metrics.MustRegister(l.refused)
	for kind, rate := range cfg.Limits.Rates.byKind() {
		l.rates[kind], l.policy[kind] = rate.limit(), []string{fmt.Sprintf("%q;q=%d;w=60", kind, rate.PerMinute)}
		l.refused.WithLabelValues(kind)
	}
	local := ratelimit.NewMemory(clock, limitedKeys)
	l.limiter = local
	if shared != nil {
		l.limiter = ratelimit.NewFallback(shared, ratelimit.NewRedis(shared), local)
	}
	return l, nil
}

// ofAddress counts a call against what its address may send in all.
func (l *limits) ofAddress(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	return l.count(ctx, w, rateAddress, l.address(r))
}

// ofGuest counts a call that makes a guest.
func (l *limits) ofGuest(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	return l.count(ctx, w, rateGuest, l.address(r))
}

// ofSignIn counts an attempt to sign in.
func (l *limits) ofSignIn(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	return l.count(ctx, w, rateSignIn, l.address(r))
}

// ofRoute counts a call against what the player may do or, where there is none or anybody can make another one, the address.
func (l *limits) ofRoute(ctx context.Context, w http.ResponseWriter, r *http.Request, route Route) error {
	kind, player := kindOf(route), identity.FromContext(ctx).Player
	if player == uuid.Nil || kind == rateSignIn {
		return l.count(ctx, w, kind, l.address(r))
	}
	return l.count(ctx, w, kind, player.String())
}

func (l *limits) address(r *http.Request) string { return subscriber(l.proxies.client(r)) }

// Headers of draft-ietf-httpapi-ratelimit-headers as net/http spells them; with capitals within a word it would have to
// respell them for each answer.
const (
	policyHeader = "Ratelimit-Policy"
	leftHeader   = "Ratelimit"
)

// count counts a call of a kind and says in the answer's header what is left. The fields are those of
// draft-ietf-httpapi-ratelimit-headers-10: a policy allows q calls in w seconds; r of them are left, and in t seconds all
// will be. Of the many that apply, the header has the one that was counted last, which is that of the kind of call.
func (l *limits) count(ctx context.Context, w http.ResponseWriter, kind, who string) error {
	result, err := l.take(ctx, kind, who)
	if l.limiter == nil || err != nil && errs.Reason(err) != errorsv1.Reason_REASON_RATE_LIMITED {
		return err
	}
	header, reset := w.Header(), seconds(result.ResetAfter)
	header[policyHeader] = l.policy[kind] // Nobody changes a value in its place.
	header[leftHeader] = []string{`"` + kind + `";r=` + strconv.Itoa(result.Remaining) + ";t=" + strconv.Itoa(reset)}
	if result.Allowed {
		return nil
	}
	// Clients that are older than the draft look for these.
	header.Set("X-RateLimit-Limit", strconv.Itoa(l.rates[kind].Rate))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(result.Remaining))
	header.Set("X-RateLimit-Reset", strconv.Itoa(reset))
	return err
}

// take counts a call of a kind, which need not be a request. It fails where there are too many.
func (l *limits) take(ctx context.Context, kind, who string) (ratelimit.Result, error) {
	if l.limiter == nil {
		return ratelimit.Result{Allowed: true}, nil
	}
	result, err := l.limiter.Allow(ctx, kind+":"+who, l.rates[kind], 1)
	if err != nil || result.Allowed {
		return result, err
	}
	l.refused.WithLabelValues(kind).Inc()
	return result, errs.New(errorsv1.Reason_REASON_RATE_LIMITED, "too many calls; the rate %q allows %d a minute, %d at once. Try again in %s",
		kind, l.rates[kind].Rate, l.rates[kind].Burst, time.Duration(seconds(result.RetryAfter))*time.Second).
		WithMetadata("rate", kind).WithMetadata("per_minute", l.rates[kind].Rate).WithMetadata("burst", l.rates[kind].Burst).RetryAfter(result.RetryAfter)
}

// seconds rounds up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
