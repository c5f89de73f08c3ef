package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// rollers and bettors are the numbers of players: enough to be observable without loading the machine.
	rollers, bettors = 4, 2
	// pace is a player's pause between two calls.
	pace = 100 * time.Millisecond
)

// load is a group of players who play until they are stopped.
type load struct {
	bets, rolls, failed atomic.Int64
	cancel              context.CancelFunc
	running             sync.WaitGroup
}

// startLoad starts players, who are distributed over the gateways.
func startLoad(ctx context.Context, gateways []string) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{cancel: cancel}
	for i := range rollers + bettors {
		turn := l.round
		if i >= rollers {
			turn = l.bet
		}
		l.running.Go(func() { l.playSeat(ctx, gateways[i%len(gateways)], turn) })
	}
	return l
}

// playSeat plays with one player. Failures of the platform are expected and counted. A player whose call is refused has run out of tokens
// or its table has ended, so a new player replaces it.
func (l *load) playSeat(ctx context.Context, gateway string, turn func(context.Context, *player) error) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	var p *player
	for {
		var err error
		if p == nil {
			p, err = join(ctx, gateway)
		} else {
			err = turn(ctx, p)
		}
		var refused refusal
		if errors.As(err, &refused) && refused.status < http.StatusInternalServerError {
			p = nil
		} else if err != nil {
			l.failed.Add(1)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// round bets on the pass line and rolls until the bet is decided.
func (l *load) round(ctx context.Context, p *player) error {
	if _, err := p.bet(ctx, "pass_line"); err != nil {
		return err
	}
	l.bets.Add(1)
	for point := true; point; {
		var err error
		if point, err = p.roll(ctx); err != nil {
			return err
		}
		l.rolls.Add(1)
	}
	return nil
}

// bet places a bet on the next roll, and reads the table.
func (l *load) bet(ctx context.Context, p *player) error {
	if _, err := p.bet(ctx, "field"); err != nil {
		return err
	}
	l.bets.Add(1)
	_, err := p.call(ctx, http.MethodGet, p.game, "", nil)
	return err
}

func (l *load) stop() {
	l.cancel()
	l.running.Wait()
}
