package postgres_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres"
)

// do runs a command on a loaded turn. It returns for each run whether it worked from the cache, and the command's refusal: as in a group
// of commands, that is not an error of the transaction.
func do(t *testing.T, store play.Store, key play.Key, command func(*play.Turn) error) (cached []bool, refused error) {
	t.Helper()
	if err := store.Update(t.Context(), func(tx play.Tx) error {
		turns, err := tx.Load(t.Context(), key)
		if err != nil {
			return err
		}
		cached = append(cached, postgres.Cached(tx))
		if refused = command(prepare(turns[0])); refused != nil {
			return nil
		}
		return tx.Save(t.Context(), turns...)
	}); err != nil {
		t.Errorf("the transaction: %v", err)
		return cached, err
	}
	return cached, refused
}

// must is do for a command that must succeed.
func must(t *testing.T, store play.Store, key play.Key, command func(*play.Turn) error) (cached []bool) {
	t.Helper()
	cached, refused := do(t, store, key, command)
	if refused != nil {
		t.Errorf("refused: %v", refused)
	}
	return cached
}

func placeBet(player uuid.UUID, amount int64) func(*play.Turn) error {
	return func(turn *play.Turn) error {
		_, err := turn.PlaceBet(play.NewBet{Player: player, Wager: "field", Amount: amount})
		return err
	}
}

// spendAllButTwo leaves a player two tokens in the wallet, and stakes the others at a new table.
func spendAllButTwo(t *testing.T, store play.Store, player uuid.UUID) {
	t.Helper()
	key := play.Key{Game: table(t, store, player), Player: player}
	for _, wager := range []string{"field", "hard_8"} {
		must(t, store, key, func(turn *play.Turn) error {
			_, err := turn.PlaceBet(play.NewBet{Player: player, Wager: wager, Amount: 499})
			return err
		})
	}
}

// cachedGame returns a table at which a player has placed a bet and taken it back, the last time from the cache.
func cachedGame(t *testing.T, store play.Store, player uuid.UUID) play.Key {
	t.Helper()
	key := play.Key{Game: table(t, store, player), Player: player}
	for range 3 {
		must(t, store, key, toggle(player))
	}
	if cached, err := do(t, store, key, toggle(player)); err != nil || len(cached) != 1 || !cached[0] {
		t.Fatalf("worked from the cache: %v, %v", cached, err)
	}
	return key
}

// TestStaleCache has another replica change what this one has cached, in each way that matters to a bet. The outcome is as if nothing
// were cached.
func TestStaleCache(t *testing.T) {
	url := testserver.Database(t, "game", postgres.Migrate)
	for name, tc := range map[string]struct {
		elsewhere func(*testing.T, play.Store, play.Key)
		amount    int64
		want      errorsv1.Reason
	}{
		"a bet on the same wager was placed": {func(t *testing.T, other play.Store, key play.Key) {
			must(t, other, key, placeBet(key.Player, 10))
		}, 10, errorsv1.Reason_REASON_BET_EXISTS},
		"the seat was given up": {func(t *testing.T, other play.Store, key play.Key) {
			must(t, other, play.Key{Game: key.Game, All: true}, func(turn *play.Turn) error { return turn.Join(newID()) })
			must(t, other, play.Key{Game: key.Game, All: true}, func(turn *play.Turn) error { return turn.Leave(key.Player) })
		}, 10, errorsv1.Reason_REASON_NOT_SEATED},
		"the money was staked at another table": {func(t *testing.T, other play.Store, key play.Key) {
			spendAllButTwo(t, other, key.Player)
		}, 10, errorsv1.Reason_REASON_INSUFFICIENT_FUNDS},
		"the player was excluded": {func(t *testing.T, other play.Store, key play.Key) {
			must(t, other, play.Key{Player: key.Player}, func(turn *play.Turn) error {
				turn.Protections[key.Player] = protection.New(0, turn.Now)
				return turn.Protections[key.Player].Exclude(protection.CoolOff, 1, turn.Now)
			})
		}, 10, errorsv1.Reason_REASON_SELF_EXCLUDED},
		"nothing changed": {func(*testing.T, play.Store, play.Key) {}, 10, errorsv1.Reason_REASON_UNSPECIFIED},
		"nothing changed, and the bet is too large": {func(*testing.T, play.Store, play.Key) {}, 501, errorsv1.Reason_REASON_AMOUNT_OUT_OF_LIMITS},
	} {
		t.Run(name, func(t *testing.T) {
			store, other := openURL(t, url), openURL(t, url)
			bankroll(t, store)
			key := cachedGame(t, store, newID())
			tc.elsewhere(t, other, key)
			cached, err := do(t, store, key, placeBet(key.Player, tc.amount))
			if fine := tc.want == errorsv1.Reason_REASON_UNSPECIFIED; fine != (err == nil) || err != nil && errs.Reason(err) != tc.want {
				t.Errorf("the bet: %v, want %v", err, tc.want)
			}
			runs := 2
			if name[:7] == "nothing" {
				runs = 1
			}
			if len(cached) != runs || !cached[0] || runs == 2 && cached[1] {
				t.Errorf("worked from the cache: %v, want %d runs", cached, runs)
			}
			expectBalanced(t, other)
		})
	}
}

// TestCachedRefusalIsVerified has another replica remove the reason for which this one would refuse a command. In one case that changes
// only the game, in the other only the wallet.
func TestCachedRefusalIsVerified(t *testing.T) {
	url := testserver.Database(t, "game", postgres.Migrate)
	for name, tc := range map[string]struct {
		before    func(t *testing.T, store play.Store, key play.Key)
		elsewhere func(t *testing.T, other play.Store, key play.Key)
		command   func(uuid.UUID) func(*play.Turn) error
	}{
		"the table is full": {func(t *testing.T, store play.Store, key play.Key) {
			must(t, store, play.Key{Game: key.Game, All: true}, func(turn *play.Turn) error {
				for len(turn.Game.Seats) < turn.Game.Limits.MaxPlayers {
					if err := turn.Join(newID()); err != nil {
						return err
					}
				}
				return turn.Leave(key.Player)
			})
			must(t, store, key, func(turn *play.Turn) error { return turn.Join(newID()) })
		}, func(t *testing.T, other play.Store, key play.Key) {
			must(t, other, play.Key{Game: key.Game, All: true}, func(turn *play.Turn) error { return turn.Leave(turn.Game.Seats[0].Player) })
		}, func(player uuid.UUID) func(*play.Turn) error {
			return func(turn *play.Turn) error { return turn.Join(player) }
		}},
		"the wallet is empty": {func(t *testing.T, store play.Store, key play.Key) {
			spendAllButTwo(t, store, key.Player)
		}, func(t *testing.T, other play.Store, key play.Key) {
			open, err := other.OpenGames(t.Context(), uuid.Nil, 1) // The newest is the second one.
			if err != nil {
				t.Fatal(err)
			}
			must(t, other, play.Key{Game: open[0].ID, Player: key.Player}, toggle(key.Player))
		}, func(player uuid.UUID) func(*play.Turn) error { return placeBet(player, 10) }},
	} {
		t.Run(name, func(t *testing.T) {
			store, other := openURL(t, url), openURL(t, url)
			bankroll(t, store)
			key := cachedGame(t, store, newID())
			tc.before(t, store, key)
			command := tc.command(key.Player)
			if cached, err := do(t, store, key, command); err == nil || len(cached) != 1 || !cached[0] {
				t.Errorf("from the cache %v: %v", cached, err)
			}
			tc.elsewhere(t, other, key)
			if cached, err := do(t, store, key, command); err != nil || len(cached) != 2 {
				t.Errorf("from the cache %v: %v", cached, err)
			}
			expectBalanced(t, store)
		})
	}
}

// TestCachedRollRefusalIsVerified has another replica place the line bet that the roll requires. The transaction takes the table from
// the cache, and no wallet.
func TestCachedRollRefusalIsVerified(t *testing.T) {
	url := testserver.Database(t, "game", postgres.Migrate)
	store, other := openURL(t, url), openURL(t, url)
	bankroll(t, store)
	key := cachedGame(t, store, newID())
	roll := func(turn *play.Turn) error { return turn.CloseBetting(key.Player) }
	if cached, err := do(t, store, play.Key{Game: key.Game, All: true}, roll); errs.Reason(err) != errorsv1.Reason_REASON_LINE_BET_REQUIRED || !cached[0] {
		t.Errorf("from the cache %v: %v", cached, err)
	}
	must(t, other, key, func(turn *play.Turn) error {
		_, err := turn.PlaceBet(play.NewBet{Player: key.Player, Wager: "pass_line", Amount: 10})
		return err
	})
	if cached, err := do(t, store, play.Key{Game: key.Game, All: true}, roll); err != nil || len(cached) != 2 {
		t.Errorf("from the cache %v: %v", cached, err)
	}
}

// TestConcurrentProtectionChangeIsKept has two replicas change the protection of one player.
func TestConcurrentProtectionChangeIsKept(t *testing.T) {
	url := testserver.Database(t, "game", postgres.Migrate)
	store, other := openURL(t, url), openURL(t, url)
	bankroll(t, store)
	alice := newID()
	key := cachedGame(t, store, alice)
	exclude := func(turn *play.Turn) error {
		if turn.Protections[alice] == nil {
			turn.Protections[alice] = protection.New(0, turn.Now)
		}
		return turn.Protections[alice].Exclude(protection.CoolOff, 1, turn.Now)
	}
	must(t, other, play.Key{Player: alice}, exclude)
	cached, err := do(t, store, key, func(turn *play.Turn) error { // At a table, so that the cache has all of it.
		if turn.Protections[alice] == nil {
			turn.Protections[alice] = protection.New(0, turn.Now)
		}
		return nil
	})
	if err != nil || len(cached) != 2 {
		t.Errorf("%v in %d runs", err, len(cached))
	}
	state, err := store.Protection(t.Context(), alice)
	if err != nil || state == nil || !state.Exclusion.Until.After(time.Now()) {
		t.Errorf("the other replica's change was lost: %+v, %v", state, err)
	}
}

// TestServerRestartClearsCache restarts the server, which might have lost transactions.
func TestServerRestartClearsCache(t *testing.T) {
	server := testserver.NewPostgres(t)
	store := openURL(t, server.Database(t, "game", postgres.Migrate))
	bankroll(t, store)
	key := cachedGame(t, store, newID())
	server.Restart(t, "INT")
	for { // It answers again, over a new connection.
		if _, _, err := store.Balance(t.Context(), ledger.House); err == nil {
			break
		}
	}
	if cached, err := do(t, store, key, toggle(key.Player)); err != nil || cached[0] {
		t.Errorf("worked from the cache: %v, %v", cached, err)
	}
	expectBalanced(t, store)
}

// TestStaleGameIsRemoved has another replica close a game. It is used from the cache in vain only once, however many commands follow.
func TestStaleGameIsRemoved(t *testing.T) {
	url := testserver.Database(t, "game", postgres.Migrate)
	store, other := openURL(t, url), openURL(t, url)
	bankroll(t, store)
	players := []uuid.UUID{newID(), newID(), newID()}
	game := table(t, store, players...)
	for range 2 {
		for _, player := range players {
			must(t, store, play.Key{Game: game, Player: player}, toggle(player))
		}
	}
	for _, player := range players {
		must(t, other, play.Key{Game: game, All: true}, func(turn *play.Turn) error { return turn.Leave(player) })
	}
	cached := 0
	for _, player := range players {
		runs, err := do(t, store, play.Key{Game: game, Player: player}, placeBet(player, 10))
		if errs.Reason(err) != errorsv1.Reason_REASON_GAME_CLOSED {
			t.Errorf("a bet at a closed game: %v", err)
		}
		if runs[0] {
			cached++
		}
	}
	if cached != 1 {
		t.Errorf("used from the cache %d times, want once", cached)
	}
}
