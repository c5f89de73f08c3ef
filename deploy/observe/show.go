package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// shownAlert is the plan's, which calls that fail for our own reasons raise.
	shownAlert = "SLO_Burn_Rate_High"
	// delay is how long the slow bet waits for the store: longer than what the collector calls slow.
	delay = 700 * time.Millisecond
	// patience is how long each step may take beyond what rules and configuration wait for.
	patience = time.Minute
	// alertWait is how long the shown alert's rule and Alertmanager's groups wait, where time is not faster.
	alertWait = 15 * time.Minute
)

// show has players play and goes through all steps.
func (s *stack) show(ctx context.Context) error {
	players := play(ctx, s.fleet.Gateways)
	defer players.stop()
	s.say.event("load", fmt.Sprintf("%d players bet and roll", rollers+bettors), nil)
	if err := s.steps(ctx); err != nil {
		return err
	}
	s.say.event("load", fmt.Sprintf("%d bets, %d rolls and %d failures were played", players.bets.Load(), players.rolls.Load(), players.failed.Load()), nil)
	return nil
}

// steps are what is shown while players play.
func (s *stack) steps(ctx context.Context) error {
	return s.take(ctx, s.seen, s.slowBet, s.breakdown, s.mend)
}

// seen waits until Prometheus sees what is played.
func (s *stack) seen(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	var rate float64
	err := poll(ctx, func() (err error) {
		rate, err = s.value(ctx, `sum(rate(bitcraps_requests_total{service="gateway"}[1m]))`)
		if err == nil && rate < 1 {
			err = fmt.Errorf("by Prometheus there are %.1f requests a second", rate)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.say.event("metrics", fmt.Sprintf("Prometheus sees %.1f requests a second", rate), nil)
	return nil
}

// slowBet makes a bet wait for a lock of its table in the database, and shows its trace.
func (s *stack) slowBet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p, err := join(ctx, s.fleet.Gateways[0])
	if err != nil {
		return err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	timer := time.AfterFunc(delay, unlock)
	defer timer.Stop()
	begin := time.Now()
	id, err := p.bet(ctx, "pass_line")
	if err != nil {
		return err
	}
	s.say.event("slow bet", fmt.Sprintf("a bet took %s; its trace is %s", time.Since(begin).Round(time.Millisecond), id), nil)
	found, err := find(ctx, s.jaeger, id, "gateway", "game")
	if err != nil {
		return err
	}
	s.say.event("trace", fmt.Sprintf("the collector kept it, and Jaeger shows %d spans of it", len(found.Spans)), found)
	return nil
}

// lock has all bets wait in the database until unlock.
func (s *stack) lock(ctx context.Context) (unlock func(), err error) {
	url, err := s.fleet.database()
	if err != nil {
		return nil, err
	}
	db, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	unlock = func() { _ = db.Close(context.WithoutCancel(ctx)) } // The lock goes with the connection.
	if _, err = db.Exec(ctx, "BEGIN; LOCK TABLE bets IN ACCESS EXCLUSIVE MODE"); err != nil {
		unlock()
	}
	return unlock, err
}

// breakdown kills more validators than the chain bears, so that nobody can roll, and waits for the alert.
func (s *stack) breakdown(ctx context.Context) error {
	if err := s.told(ctx, false); err != nil { // The slow bet may have had calls fail.
		return err
	}
	victims := []string{"consensus-2", "consensus-3"}
	if err := s.fleet.kill(victims...); err != nil {
		return err
	}
	s.say.event("break", fmt.Sprintf("%v are killed; two of four validators decide nothing, so rolls fail", victims), nil)
	return s.told(ctx, true)
}

// mend starts the validators again and waits for the all-clear.
func (s *stack) mend(ctx context.Context) error {
	if err := s.fleet.mend(ctx); err != nil {
		return err
	}
	s.say.event("mend", "the validators run again", nil)
	return s.told(ctx, false)
}

// told waits until people know that the shown alert fires, or that it is over.
func (s *stack) told(ctx context.Context, fires bool) error {
	wait := alertWait
	if s.fast {
		wait = patience
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return s.webhook.await(ctx, shownAlert, fires)
}
