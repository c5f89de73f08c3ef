// Package watch measures what watching costs: many watchers of one game, in one process that plays it.
package watch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bitcraps/bitcraps/loadtest/internal/load"
	"github.com/bitcraps/bitcraps/loadtest/internal/platform"
)

// Options are what is measured.
type Options struct {
	// Socket has watchers come by WebSocket, otherwise by server-sent events.
	Socket bool
	// Watchers is how many there are, Idle how many WebSockets watch nothing beside them.
	Watchers, Idle int
	// Rolls is how many rolls they see.
	Rolls int
	// Admin is the platform's --admin-addr, which says what it holds; empty leaves that out.
	Admin string
}

// Result is what was measured.
type Result struct {
	// Connected is how long it took until all watched.
	Connected time.Duration `json:"connected"`
	// Held is how much more the process holds on to for each connection, and Resident how much more memory it has, which
	// includes what waits for the collector.
	Held     int64 `json:"held_bytes_per_connection"`
	Resident int64 `json:"resident_bytes_per_connection"`
	// Rolls are the times from when a roll was written until a watcher had it, over all watchers and rolls.
	Rolls load.Latency `json:"rolls"`
	// Bets are those of a player who bets at another table meanwhile.
	Bets load.Latency `json:"bets"`
	// Events is how many events watchers received in all.
	Events int `json:"events"`
}

// Set is the configuration that many watchers from one address, and as one player, need.
var Set = []string{"--set", "gateway.limits.streams_per_address=1000000", "--set", "gateway.limits.rates.read.per_minute=6000000",
	"--set", "gateway.limits.rates.read.burst=1000000", "--set", "gateway.network.max_connections=12000"}

// dialAtOnce is how many connections are opened at the same time.
const dialAtOnce = 32

// Run has watchers watch a table while it is played. Any event that a watcher misses, or sees twice, is an error.
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
				fail(err) // Nobody waits for the roll that it does not see.
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

// usage is what a process has of memory.
type usage struct{ held, resident int64 }

// memory reads the resident size first: what the process holds is asked for by a collection.
func memory(ctx context.Context, p *platform.Platform, o Options) (u usage, err error) {
	if u.resident, err = p.ResidentBytes(); err == nil && o.Admin != "" {
		u.held, err = platform.HeldBytes(ctx, o.Admin)
	}
	return u, err
}

// play rolls at one table, each time all have seen the last roll, and bets at others.
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

// dialAll opens every connection. It returns those that are open, also where it fails.
func dialAll(ctx context.Context, player *platform.Player, o Options) ([]*watcher, error) {
	var mu sync.Mutex
	var watchers []*watcher
	var failed error
	next := make(chan bool) // Whether the connection watches.
	var dialling sync.WaitGroup
	for range dialAtOnce {
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
