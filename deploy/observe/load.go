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
	// rollers and bettors are how many play. It is enough to see, and leaves the machine room to do it.
	rollers, bettors = 4, 2
	// pace is how long a player thinks between two calls.
	pace = 100 * time.Millisecond
)

// load is players who play until they are told to stop.
type load struct {
	bets, rolls, failed atomic.Int64
	cancel              context.CancelFunc
	playing             sync.WaitGroup
}

// play seats players at the gateways, in turn.
func play(ctx context.Context, gateways []string) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{cancel: cancel}
	for i := range rollers + bettors {
		turn := l.round
		if i >= rollers {
			turn = l.bet
		}
		l.playing.Go(func() { l.seat(ctx, gateways[i%len(gateways)], turn) })
	}
	return l
}

// seat has one player play. Failures of the platform are what is to be seen, and a player whose call was refused has
// played its tokens or table to the end: another one takes the seat.
func (l *load) seat(ctx context.Context, gateway string, turn func(context.Context, *player) error) {
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

// round bets on the line and rolls until the hand is decided.
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

// bet places one on the next throw, and looks at the table.
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
	l.playing.Wait()
}
