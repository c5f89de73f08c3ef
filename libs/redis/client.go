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
	// probeInterval is how often the server is asked whether it answers.
	probeInterval = time.Second
	// probeKey is written to find out; it ends by itself.
	probeKey, probeExpiry = "bitcraps:probe", time.Minute
	// poolSize is how many connections there are at most.
	poolSize = 64
)

// errDown is why a client whose server does not answer is not asked anything.
var errDown = errors.New("redis: the server does not answer, or takes no writes")

// Client is a pool of connections that knows whether the server behind them answers and takes writes. Users ask Up before a
// command and report Failed behind one, so that a server that is gone or hangs costs one timeout, not one for each call.
type Client struct {
	*goredis.Client

	timeout time.Duration
	logger  *slog.Logger
	clock   clockwork.Clock
	up      atomic.Bool
	cancel  context.CancelFunc
	ended   sync.WaitGroup
}

// Open connects to the server and begins to watch it. A server that is away is no error: it may come back. The caller
// must Close the client.
func Open(ctx context.Context, cfg Config, clock clockwork.Clock, scope telemetry.Scope) (*Client, error) {
	options, err := cfg.options()
	if err != nil {
		return nil, err
	}
	logging.Disable() // It writes to standard error what the client below logs once, in the form of all other logs.
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout, options.PoolTimeout = cfg.Timeout, cfg.Timeout, cfg.Timeout, cfg.Timeout
	options.ContextTimeoutEnabled = true
	options.MaxRetries, options.DialerRetries = -1, 1 // Who can't wait goes on without the server; nobody else needs it.
	options.PoolSize = poolSize
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	c := &Client{Client: goredis.NewClient(options), timeout: cfg.Timeout, logger: scope.Logger.With("redis", options.Addr), clock: clock}
	c.AddHook(tracing{})
	scope.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "bitcraps_redis_up", Help: "Whether the Redis server answers and takes writes: 1, or 0 while the service goes on without.",
	}, func() float64 {
		if c.Up() {
			return 1
		}
		return 0
	}))
	if err := c.probe(ctx); err != nil {
		c.logger.WarnContext(ctx, "redis does not answer or takes no writes; going on without it", "error", err)
	}
	watching, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.ended.Go(func() { c.watch(watching) })
	return c, nil
}

// Timeout is how long a command may take.
func (c *Client) Timeout() time.Duration { return c.timeout }

// Up reports whether the server took what was last asked of it.
func (c *Client) Up() bool { return c.up.Load() }

// Failed says that a command failed. Until the server answers again, Up is false.
func (c *Client) Failed(err error) {
	if errors.Is(err, goredis.ErrClosed) || errors.Is(err, goredis.ErrPoolTimeout) {
		return // Neither says anything about the server: the client was closed, or is busier than its pool.
	}
	if !c.up.CompareAndSwap(true, false) {
		return
	}
	c.logger.Warn("redis fails; going on without it", "error", err)
}

// Check tells probes whether the server answers. Those who use it do most of their work without.
func (c *Client) Check() admin.Check {
	return admin.Check{Name: "redis", Degrades: true, Passive: true, Check: func(context.Context) error {
		if c.Up() {
			return nil
		}
		return errDown
	}}
}

// Close ends the watch and every connection, and with them each command that still waits.
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
				c.Failed(err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// probe writes: one whose memory is full, or that is a replica since a failover, answers a ping and refuses what it is used for.
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
