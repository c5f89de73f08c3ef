package postgres_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres"
)

// TestStaleWalletWithUnchangedBalance places a bet and takes it back in one transaction from the cache, while another replica's
// transaction has moved the same wallet and is not committed yet.
func TestStaleWalletWithUnchangedBalance(t *testing.T) {
	url := testserver.Database(t, "game", postgres.Migrate)
	store, other := openURL(t, url), openURL(t, url)
	bankroll(t, store)
	key := cachedGame(t, store, newID())
	second := play.Key{Game: table(t, other, key.Player), Player: key.Player}
	var both sync.WaitGroup
	var cached []bool
	if err := other.Update(t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(t.Context(), second)
		if err != nil {
			return err
		}
		if err := toggle(key.Player)(prepare(turns[0])); err != nil {
			return err
		}
		if err := tx.Save(t.Context(), turns...); err != nil {
			return err
		}
		if _, err := tx.Bet(t.Context(), newID()); !errors.Is(err, play.ErrNotFound) { // The query flushes the statements of Save.
			return err
		}
		both.Go(func() {
			cached = must(t, store, key, func(turn *play.Turn) error {
				bet, err := turn.PlaceBet(play.NewBet{Player: key.Player, Wager: "field", Amount: 10})
				if err != nil {
					return err
				}
				return turn.RemoveBet(bet)
			})
		})
		return waitForLock(t, url)
	}); err != nil {
		t.Fatal(err)
	}
	both.Wait()
	if len(cached) != 2 {
		t.Errorf("worked from the cache: %v", cached)
	}
	expectBalanced(t, store)
}

// TestFirstLimitCountsBetsInPlay has another replica decide the player's bet while the first limit is set; one or the other
// works from the cache at first.
func TestFirstLimitCountsBetsInPlay(t *testing.T) {
	url := testserver.Database(t, "game", postgres.Migrate)
	for name, limits := range map[string]bool{"the limit is set from the cache": true, "the round is settled from the cache": false} {
		t.Run(name, func(t *testing.T) {
			caches, other := openURL(t, url), openURL(t, url)
			bankroll(t, caches)
			key := cachedGame(t, caches, newID())
			must(t, caches, key, placeBet(key.Player, 10))
			must(t, caches, play.Key{Game: key.Game, All: true}, func(turn *play.Turn) error { return turn.CloseBetting(uuid.Nil) })
			limiting, settling := caches, other
			if !limits {
				limiting, settling = other, caches
			}
			setFirstLimit(t, url, limiting, key.Player, func() {
				must(t, settling, play.Key{Game: key.Game, All: true}, func(turn *play.Turn) error {
					round := &play.Round{Game: key.Game, Number: turn.Game.Round, Decision: play.Decision{BeaconSignature: []byte{1}}}
					return turn.SettleDice(round, craps.Dice{First: 3, Second: 4})
				})
			})
			state, err := other.Protection(t.Context(), key.Player)
			if err != nil {
				t.Fatal(err)
			}
			if inPlay, err := other.InPlay(t.Context(), key.Player); err != nil || state.InPlay != inPlay {
				t.Errorf("the limit counts %d in play, the bets are %d, %v", state.InPlay, inPlay, err)
			}
			expectBalanced(t, other)
		})
	}
}

// setFirstLimit sets a player's first limit, and runs meanwhile once the amount in play is read.
func setFirstLimit(t *testing.T, url string, store play.Store, player uuid.UUID, meanwhile func()) {
	t.Helper()
	var other sync.WaitGroup
	var once sync.Once
	defer other.Wait()
	if err := store.Update(t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(t.Context(), play.Key{Player: player})
		if err != nil {
			return err
		}
		inPlay, err := tx.InPlay(t.Context(), player)
		if err != nil {
			return err
		}
		once.Do(func() {
			other.Go(meanwhile)
			err = waitForLock(t, url)
		})
		turn := prepare(turns[0])
		turn.Protections[player] = protection.New(inPlay, turn.Now)
		return errors.Join(err, tx.Save(t.Context(), turn))
	}); err != nil {
		t.Fatal(err)
	}
}

// waitForLock returns once a transaction waits for a lock.
func waitForLock(t *testing.T, url string) error {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for waiting := 0; waiting == 0; {
		if err := conn.QueryRow(ctx, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting); err != nil {
			return err
		}
	}
	return nil
}

// TestReplicasWithCaches has two replicas change the same tables from their caches.
func TestReplicasWithCaches(t *testing.T) {
	url := testserver.Database(t, "game", postgres.Migrate) + "&deadlock_timeout=5ms"
	replicas := []*postgres.Store{openURL(t, url), openURL(t, url)}
	bankroll(t, replicas[0])
	players := []uuid.UUID{newID(), newID(), newID(), newID()}
	games := []uuid.UUID{table(t, replicas[0], players...), table(t, replicas[0], players...)}
	var runs, cachedRuns atomic.Int64
	var all sync.WaitGroup
	const toggles = 60
	for i, player := range players {
		all.Go(func() {
			for n := range toggles { // Mostly at one replica, so that it caches well; then the other one interferes.
				store := replicas[(i+n/20)%2]
				for _, game := range games {
					if err := store.Update(t.Context(), func(tx play.Tx) error {
						turns, err := tx.Load(t.Context(), play.Key{Game: game, Player: player})
						if err != nil {
							return err
						}
						runs.Add(1)
						if postgres.Cached(tx) {
							cachedRuns.Add(1)
						}
						if err := toggle(player)(prepare(turns[0])); err != nil {
							return err
						}
						return tx.Save(t.Context(), turns...)
					}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if least := int64(len(players) * len(games) * toggles); runs.Load() == least || cachedRuns.Load() == 0 {
		t.Errorf("%d transactions in %d runs, %d from the cache: there was no conflict", least, runs.Load(), cachedRuns.Load())
	}
	for _, player := range players {
		if balance, _, err := replicas[0].Balance(t.Context(), ledger.Wallet(player)); err != nil || balance != rules.Grant {
			t.Errorf("wallet = %d, %v", balance, err)
		}
	}
	expectBalanced(t, replicas[1])
}

// TestCachedSettlementsLockInOrder has two replicas concurrently settle two tables with the same players, some of whom have set limits and
// some of whom lose. The server would take longer to detect a deadlock than the test waits.
func TestCachedSettlementsLockInOrder(t *testing.T) {
	url := testserver.Database(t, "game", postgres.Migrate) + "&deadlock_timeout=60s"
	bankroll(t, openURL(t, url))
	for range 5 {
		players := []uuid.UUID{newID(), newID(), newID(), newID()}
		var keys []play.Key
		var stores []*postgres.Store
		for range 2 {
			store := openURL(t, url)
			keys, stores = append(keys, play.Key{Game: table(t, store, players...), All: true}), append(stores, store)
		}
		for _, player := range players[:2] {
			must(t, stores[0], play.Key{Player: player}, func(turn *play.Turn) error {
				turn.OpenWallet(player)
				turn.Protections[player] = protection.New(0, turn.Now)
				return nil
			})
		}
		wagers := []string{"field", "hard_8"} // One wins and one loses.
		for i, player := range players {
			for j, key := range keys {
				must(t, stores[j], play.Key{Game: key.Game, Player: player}, func(turn *play.Turn) error {
					_, err := turn.PlaceBet(play.NewBet{Player: player, Wager: wagers[(i+j)%2], Amount: 10})
					return err
				})
			}
		}
		var settling sync.WaitGroup
		for i, key := range keys {
			settling.Go(func() {
				must(t, stores[i], key, func(turn *play.Turn) error { return turn.CloseBetting(uuid.Nil) })
				must(t, stores[i], key, func(turn *play.Turn) error {
					round := &play.Round{Game: key.Game, Number: turn.Game.Round, Decision: play.Decision{BeaconSignature: []byte{1}}}
					return turn.SettleDice(round, craps.Dice{First: 6, Second: 6})
				})
			})
		}
		settling.Wait()
		expectBalanced(t, stores[0])
	}
}
