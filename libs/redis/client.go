package redis

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/prometheus/client_golang/prometheus"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/telemetry"
)

const (
	// probeInterval is how often the server is probed.
	probeInterval = time.Second
	// probeKey is the key that a probe writes; it expires.
	probeKey, probeExpiry = "bitcraps:probe", time.Minute
	// poolSize is the maximum number of connections.
	poolSize = 64
)

// errDown is the error of the health check while the server is down.
var errDown = errors.New("redis: the server does not answer, or accepts no writes")

// Client is a pool of connections that knows whether the server answers and accepts writes. Users check Up before a
// command and call ReportFailure after a failed one, so that a server that is down or hangs costs one timeout in total, not one for each call.
type Client struct {
	*goredis.Client

	timeout time.Duration
	logger  *slog.Logger
	clock   clockwork.Clock
	up      atomic.Bool
	cancel  context.CancelFunc
	ended   sync.WaitGroup
}

// Open connects to the server and starts to probe it. A server that is down is not an error: it may come back. The caller must Close the
// client.
func Open(ctx context.Context, cfg Config, clock clockwork.Clock, scope telemetry.Scope) (*Client, error) {
	options, err := cfg.options()
	if err != nil {
		return nil, err
	}
	logging.Disable() // It would write to standard error what this client logs once, in our log's format.
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout, options.PoolTimeout = cfg.Timeout, cfg.Timeout, cfg.Timeout, cfg.Timeout
	options.ContextTimeoutEnabled = true
	options.MaxRetries, options.DialerRetries = -1, 1 // No retries: all users can continue without the server at once.
	options.PoolSize = poolSize
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	c := &Client{Client: goredis.NewClient(options), timeout: cfg.Timeout, logger: scope.Logger.With("redis", options.Addr), clock: clock}
	c.AddHook(traceHook{})
	scope.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "bitcraps_redis_up", Help: "Whether the Redis server answers and accepts writes: 1, or 0 while the service continues without it.",
	}, func() float64 {
		if c.Up() {
			return 1
		}
		return 0
	}))
	if err := c.probe(ctx); err != nil {
		c.logger.WarnContext(ctx, "redis does not answer or accepts no writes; continuing without it", "error", err)
	}
	watching, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.ended.Go(func() { c.watch(watching) })
	return c, nil
}

// Timeout returns how long a command may take.
func (c *Client) Timeout() time.Duration { return c.timeout }

// Up reports whether the server is up, as far as the last probe or reported failure shows.
func (c *Client) Up() bool { return c.up.Load() }

// ReportFailure records that a command failed. Until the server answers again, Up is false.
func (c *Client) ReportFailure(err error) {
	if errors.Is(err, goredis.ErrClosed) || errors.Is(err, goredis.ErrPoolTimeout) {
		return // Neither says anything about the server: the client was closed, or is busier than its pool.
	}
	if !c.up.CompareAndSwap(true, false) {
		return
	}
	c.logger.Warn("redis fails; continuing without it", "error", err)
}

// Check returns a health check of the server. Services do most of their work without it.
func (c *Client) Check() admin.Check {
	return admin.Check{Name: "redis", Degrades: true, Passive: true, Check: func(context.Context) error {
		if c.Up() {
			return nil
		}
		return errDown
	}}
}

// Close stops probing and closes every connection, which ends the commands that still wait.
func (c *Client) Close() error {
	c.cancel()
	err := c.Client.Close()
	c.ended.Wait()
	return err
}

func (c *Client) watch(ctx context.Context) {
	ticker := c.clock.NewTicker(probeInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.Chan():
			if err := c.probe(ctx); err != nil && ctx.Err() == nil {
				c.ReportFailure(err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// probe writes a key rather than pings: a server whose memory is full, or that became a replica in a failover, still answers pings but
// refuses writes.
func (c *Client) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if err := c.Set(ctx, probeKey, 1, probeExpiry).Err(); err != nil {
		return err
	}
	if c.up.CompareAndSwap(false, true) {
		c.logger.InfoContext(ctx, "redis answers")
	}
	return nil
}
