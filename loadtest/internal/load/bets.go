package load

import (
	"context"
	"fmt"
)

// Table lets a player play at a table, independent of the protocol.
type Table interface {
	// Guest switches to a new guest.
	Guest(ctx context.Context) error
	// Create opens a new table and sits down at it.
	Create(ctx context.Context) error
	// Bet places a bet at the table. It is durable when it returns.
	Bet(ctx context.Context, wager string, amount int64) error
}

// wagers are the wagers that can be placed at a new table, each of them once.
var wagers = []string{
	"pass_line", "dont_pass", "field", "hard_4", "hard_6", "hard_8", "hard_10", "next_2", "next_3", "next_5", "next_7", "next_9",
	"next_11", "next_12", "any_craps", "bonus_small", "bonus_tall", "bonus_all", "fire", "hot_roller", "twice_hard", "ride_line",
	"muggsy", "replay", "different_doubles", "repeater_2", "repeater_3", "repeater_4", "repeater_5", "repeater_6", "repeater_8",
	"repeater_9", "repeater_10", "repeater_11", "repeater_12",
}

// BatchSize is the number of bets in a batch: one for each wager that can be placed at a new table.
var BatchSize = len(wagers)

// tablesPerGuest is the number of tables for which a guest's balance of 1,000 tokens suffices, at one token per bet.
const tablesPerGuest = 25

// Bets places a bet of one token per call: every wager that a new table accepts, then those of the next table.
type Bets struct {
	Table  Table
	tables int
	next   int
}

// Next implements Caller.
func (b *Bets) Next(ctx context.Context) error {
	if b.next%len(wagers) != 0 {
		return nil
	}
	return b.nextTable(ctx)
}

// nextTable opens the next table, as a new guest if the current one has too few tokens left.
func (b *Bets) nextTable(ctx context.Context) error {
	if b.tables%tablesPerGuest == 0 {
		if err := b.Table.Guest(ctx); err != nil {
			return fmt.Errorf("guest: %w", err)
		}
	}
	b.tables++
	if err := b.Table.Create(ctx); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	return nil
}

// Call implements Caller.
func (b *Bets) Call(ctx context.Context) error {
	wager := wagers[b.next%len(wagers)]
	b.next++
	if err := b.Table.Bet(ctx, wager, 1); err != nil {
		return fmt.Errorf("bet on %s: %w", wager, err)
	}
	return nil
}

// Batches places all bets that a new table accepts in each call.
type Batches struct {
	REST *REST
	bets Bets
}

// Next implements Caller.
func (b *Batches) Next(ctx context.Context) error {
	b.bets.Table = b.REST
	return b.bets.nextTable(ctx)
}

// Call implements Caller.
func (b *Batches) Call(ctx context.Context) error { return b.REST.Batch(ctx, wagers, 1) }
