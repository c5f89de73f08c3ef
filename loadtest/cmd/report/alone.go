package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/bitcraps/bitcraps/loadtest/internal/load"
	"github.com/bitcraps/bitcraps/loadtest/internal/platform"
)

// Alone is the measurement of one process on SQLite with a single player.
type Alone struct {
	ReadyMS        float64      `json:"ready_ms"`
	RestartReadyMS float64      `json:"restart_ready_ms"`
	Rounds         int          `json:"rounds"`
	Rolls          load.Latency `json:"rolls"`
	Bets           load.Latency `json:"bets"`
	ResidentMB     float64      `json:"resident_mb_after_rounds"`
}

// measureAlone starts one process twice, and then plays rounds one after the other.
func measureAlone(ctx context.Context, o options, dir string) (Alone, error) {
	a := Alone{Rounds: o.rounds}
	data := filepath.Join(dir, "alone")
	fresh, err := platform.Start(o.binary, data, quietArgs...)
	if err != nil {
		return a, err
	}
	a.ReadyMS = load.Milliseconds(fresh.Ready)
	if err := fresh.Stop(); err != nil {
		return a, err
	}
	p, err := platform.Start(o.binary, data, quietArgs...)
	if err != nil {
		return a, err
	}
	a.RestartReadyMS = load.Milliseconds(p.Ready)
	err = a.play(ctx, p)
	resident, memoryErr := p.ResidentBytes()
	a.ResidentMB = megabytes(resident)
	return a, errors.Join(err, memoryErr, p.Stop())
}

func (a *Alone) play(ctx context.Context, p *platform.Platform) error {
	player, err := p.Join(ctx)
	if err != nil {
		return err
	}
	bar := progress(a.Rounds, "rolling")
	var rolls, bets []time.Duration
	onPoint, balance := false, int64(1)
	for range a.Rounds {
		if balance < 1 {
			if player, err = p.Join(ctx); err != nil {
				return err
			}
			onPoint = false
		}
		if !onPoint {
			begin := time.Now()
			if err := player.Bet(ctx, "pass_line", 1); err != nil {
				return err
			}
			bets = append(bets, time.Since(begin))
		}
		begin := time.Now()
		if onPoint, balance, err = player.Roll(ctx); err != nil {
			return err
		}
		rolls = append(rolls, time.Since(begin))
		_ = bar.Add(1)
	}
	a.Rolls, a.Bets = load.LatencyOf(rolls), load.LatencyOf(bets)
	return nil
}
