// Package watch measures the cost of watching: many watchers of one game, from one process that also plays it.
package watch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bitcraps/bitcraps/loadtest/internal/load"
	"github.com/bitcraps/bitcraps/loadtest/internal/platform"
)

// Options configure a measurement.
type Options struct {
	// Socket is true for watchers by WebSocket, false for server-sent events.
	Socket bool
	// Watchers is the number of watchers, Idle the number of further WebSockets that watch nothing.
	Watchers, Idle int
	// Rolls is the number of rolls to watch.
	Rolls int
	// Admin is the platform's --admin-addr, which reports its memory in use; if it is empty, Held is not measured.
	Admin string
}

// Result is a measurement.
type Result struct {
	// Connected is the time until all watchers were connected.
	Connected time.Duration `json:"connected"`
	// Held is the increase of the process's memory in use per connection, and Resident that of its resident memory, which includes
	// garbage not collected yet.
	Held     int64 `json:"held_bytes_per_connection"`
	Resident int64 `json:"resident_bytes_per_connection"`
	// Rolls is the latency from storing a roll until a watcher received it, over all watchers and rolls.
	Rolls load.Latency `json:"rolls"`
	// Bets is the latency of bets of a player at other tables at the same time.
	Bets load.Latency `json:"bets"`
	// Events is the total number of events received by watchers.
	Events int `json:"events"`
}

// PlatformArgs are the platform's arguments that allow many watchers from one address and of one player.
var PlatformArgs = []string{"--set", "gateway.limits.streams_per_address=1000000", "--set", "gateway.limits.connections_per_address=100000", "--set", "gateway.limits.rates.read.per_minute=6000000",
	"--set", "gateway.limits.rates.read.burst=1000000", "--set", "gateway.network.max_connections=12000"}

// dialConcurrency is how many connections are opened at the same time.
const dialConcurrency = 32

// Run has watchers watch a table while it plays there. It fails if a watcher misses an event or receives one twice.
func Run(ctx context.Context, p *platform.Platform, o Options) (result Result, err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	player, err := p.Join(ctx)
	if err != nil {
		return result, err
	}
	other, err := p.Join(ctx)
	if err != nil {
		return result, err
	}
	before, err := memory(ctx, p, o)
	if err != nil {
		return result, err
	}
	begin := time.Now()
	watchers, err := dialAll(ctx, player, o)
	defer func() {
		for _, w := range watchers {
			w.close()
		}
	}()
	if err != nil {
		return result, err
	}
	result.Connected = time.Since(begin)
	var reading sync.WaitGroup
	seen := make(chan struct{}, len(watchers))
	for _, w := range watchers {
		reading.Go(func() {
			if err := w.read(ctx, o.Rolls, seen); err != nil {
				fail(err) // So that play does not wait for a roll that this watcher never sees.
			}
		})
	}
	bets, err := play(ctx, player, other, o, seen)
	if err != nil {
		fail(err)
	}
	reading.Wait()
	if err := context.Cause(ctx); err != nil {
		return result, err
	}
	after, err := memory(ctx, p, o)
	result.Held, result.Resident = (after.held-before.held)/int64(len(watchers)), (after.resident-before.resident)/int64(len(watchers))
	var rolls []time.Duration
	for _, w := range watchers {
		rolls = append(rolls, w.rolls...)
		result.Events += w.events
	}
	result.Rolls, result.Bets = load.LatencyOf(rolls), load.LatencyOf(bets)
	return result, err
}

// memoryUsage is a process's memory usage in bytes.
type memoryUsage struct{ held, resident int64 }

// memory reads the resident size first, since reading the memory in use runs a garbage collection.
func memory(ctx context.Context, p *platform.Platform, o Options) (u memoryUsage, err error) {
	if u.resident, err = p.ResidentBytes(); err == nil && o.Admin != "" {
		u.held, err = platform.HeldBytes(ctx, o.Admin)
	}
	return u, err
}

// play rolls at one table, each time after all watchers have seen the last roll, and bets at other tables.
func play(ctx context.Context, player, other *platform.Player, o Options, seen <-chan struct{}) (bets []time.Duration, err error) {
	onPoint := false
	for range o.Rolls {
		if !onPoint {
			if err := player.Bet(ctx, "pass_line", 1); err != nil {
				return nil, err
			}
		}
		if onPoint, _, err = player.Roll(ctx); err != nil {
			return nil, err
		}
		if err := other.NewTable(ctx); err != nil {
			return nil, err
		}
		begin := time.Now()
		if err := other.Bet(ctx, "field", 1); err != nil {
			return nil, err
		}
		bets = append(bets, time.Since(begin))
		for range o.Watchers {
			select {
			case <-seen:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
	return bets, nil
}

// dialAll opens every connection. Even if it fails, it returns the connections opened.
func dialAll(ctx context.Context, player *platform.Player, o Options) ([]*watcher, error) {
	var mu sync.Mutex
	var watchers []*watcher
	var failed error
	next := make(chan bool) // Whether the connection watches.
	var dialling sync.WaitGroup
	for range dialConcurrency {
		dialling.Go(func() {
			for watches := range next {
				w, err := dial(ctx, player, o.Socket || !watches, watches)
				mu.Lock()
				if err != nil {
					failed = fmt.Errorf("connection %d: %w", len(watchers), err)
				} else {
					watchers = append(watchers, w)
				}
				mu.Unlock()
			}
		})
	}
	for i := range o.Watchers + o.Idle {
		next <- i < o.Watchers
	}
	close(next)
	dialling.Wait()
	return watchers, failed
}
