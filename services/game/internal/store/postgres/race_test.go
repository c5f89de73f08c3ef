package postgres_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres"
)

// TestReplicasOnOneDatabase has two stores change the same games and wallets concurrently, in orders in which the store itself
// would never lock, and at an isolation level that aborts what it can't serialize.
func TestReplicasOnOneDatabase(t *testing.T) {
	for name, setting := range map[string]string{
		"deadlocks":              "&deadlock_timeout=5ms",
		"serialization failures": "&default_transaction_isolation=serializable&deadlock_timeout=5ms",
	} {
		t.Run(name, func(t *testing.T) {
			url := testserver.Database(t, "game", postgres.Migrate) + setting
			replicas := []play.Store{openURL(t, url), openURL(t, url)}
			bankroll(t, replicas[0])
			players := []uuid.UUID{newID(), newID(), newID(), newID()}
			games := []uuid.UUID{table(t, replicas[0], players...), table(t, replicas[0], players...)}
			var wg sync.WaitGroup
			var runs atomic.Int64
			const rounds = 20
			for i, player := range players {
				wg.Go(func() {
					order := slices.Clone(games)
					if i%2 == 1 {
						slices.Reverse(order)
					}
					for range rounds {
						if err := replicas[i%2].Update(t.Context(), func(tx play.Tx) error {
							runs.Add(1)
							for _, game := range order { // One after the other, so that each replica holds a lock that the other one waits for.
								turns, err := tx.Load(t.Context(), play.Key{Game: game, Player: player})
								if err != nil {
									return err
								}
								if err := toggle(player)(prepare(turns[0])); err != nil {
									return err
								}
								if err := tx.Save(t.Context(), turns...); err != nil {
									return err
								}
							}
							return nil
						}); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			if least := int64(len(players) * rounds); runs.Load() == least {
				t.Errorf("%d transactions, and none of them ran again", least)
			}
			for _, player := range players {
				balance, _, err := replicas[0].Balance(t.Context(), ledger.Wallet(player))
				if err != nil || balance != rules.Grant { // An even number of toggles.
					t.Errorf("wallet = %d, %v", balance, err)
				}
			}
			expectBalanced(t, replicas[1])
		})
	}
}
