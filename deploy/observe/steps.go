package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// demoAlert is the plan's alert on calls that fail because of the platform itself.
	demoAlert = "SLO_Burn_Rate_High"
	// slowBetDelay is how long the slow bet waits for the store: longer than the collector's threshold of slow calls.
	slowBetDelay = 700 * time.Millisecond
	// stepTimeout bounds each step, in addition to the delays of rules and configuration.
	stepTimeout = time.Minute
	// alertTimeout bounds the wait for the alert, including the delays of its rule and of Alertmanager's groups, without --fast.
	alertTimeout = 15 * time.Minute
)

// show runs all steps while players play.
func (s *stack) show(ctx context.Context) error {
	players := startLoad(ctx, s.fleet.Gateways)
	defer players.stop()
	s.report.event("load", fmt.Sprintf("%d players bet and roll", rollers+bettors), nil)
	if err := s.steps(ctx); err != nil {
		return err
	}
	s.report.event("load", fmt.Sprintf("%d bets and %d rolls were made; %d calls failed", players.bets.Load(), players.rolls.Load(), players.failed.Load()), nil)
	return nil
}

// steps runs the steps of the demonstration.
func (s *stack) steps(ctx context.Context) error {
	return s.runSteps(ctx, s.waitForMetrics, s.slowBet, s.killValidators, s.recover)
}

// waitForMetrics waits until Prometheus reports the load.
func (s *stack) waitForMetrics(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*stepTimeout)
	defer cancel()
	var rate float64
	err := poll(ctx, func() (err error) {
		rate, err = s.queryValue(ctx, `sum(rate(bitcraps_requests_total{service="gateway"}[1m]))`)
		if err == nil && rate < 1 {
			err = fmt.Errorf("%.1f requests per second according to Prometheus", rate)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.report.event("metrics", fmt.Sprintf("Prometheus reports %.1f requests a second", rate), nil)
	return nil
}

// slowBet makes a bet wait for a lock on a database table, and shows its trace.
func (s *stack) slowBet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	p, err := join(ctx, s.fleet.Gateways[0])
	if err != nil {
		return err
	}
	unlock, err := s.lockBets(ctx)
	if err != nil {
		return err
	}
	timer := time.AfterFunc(slowBetDelay, unlock)
	defer timer.Stop()
	begin := time.Now()
	id, err := p.bet(ctx, "pass_line")
	if err != nil {
		return err
	}
	s.report.event("slow bet", fmt.Sprintf("a bet took %s; its trace is %s", time.Since(begin).Round(time.Millisecond), id), nil)
	found, err := findTrace(ctx, s.jaeger, id, "gateway", "game")
	if err != nil {
		return err
	}
	s.report.event("trace", fmt.Sprintf("the collector kept the trace, and Jaeger shows its %d spans", len(found.Spans)), found)
	return nil
}

// lockBets makes all bets wait in the database until unlock.
func (s *stack) lockBets(ctx context.Context) (unlock func(), err error) {
	url, err := s.fleet.database()
	if err != nil {
		return nil, err
	}
	db, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	unlock = func() { _ = db.Close(context.WithoutCancel(ctx)) } // Closing the connection releases the lock.
	if _, err = db.Exec(ctx, "BEGIN; LOCK TABLE bets IN ACCESS EXCLUSIVE MODE"); err != nil {
		unlock()
	}
	return unlock, err
}

// killValidators kills more validators than the chain tolerates, so that nobody can roll, and waits for the alert.
func (s *stack) killValidators(ctx context.Context) error {
	if err := s.awaitAlert(ctx, false); err != nil { // The slow bet may have made calls fail.
		return err
	}
	victims := []string{"consensus-2", "consensus-3"}
	if err := s.fleet.kill(victims...); err != nil {
		return err
	}
	s.report.event("break", fmt.Sprintf("killed %v; two of four validators have no quorum, so rolls fail", victims), nil)
	return s.awaitAlert(ctx, true)
}

// recover restarts the validators and waits for the alert's resolution.
func (s *stack) recover(ctx context.Context) error {
	if err := s.fleet.restart(ctx); err != nil {
		return err
	}
	s.report.event("recover", "the validators run again", nil)
	return s.awaitAlert(ctx, false)
}

// awaitAlert waits until people have been notified that the alert fires, or that it is resolved.
func (s *stack) awaitAlert(ctx context.Context, fires bool) error {
	wait := alertTimeout
	if s.fast {
		wait = stepTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return s.webhook.await(ctx, demoAlert, fires)
}
