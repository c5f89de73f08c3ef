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

// do runs a command on a loaded turn. It returns of each run whether it worked from the cache, and what the rules refused: as in a group
// of commands, that is no error of the transaction.
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

// must is do for a command that is to succeed.
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

// spendAllButTwo leaves a player two tokens; the others lie at a table of their own.
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

// cachedGame is a table at which a player has bet from the cache and taken the bet back.
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

// TestStaleCache has another replica change what this one has in its cache, in each way that matters to a bet. It comes out as if
// nothing had been remembered.
func TestStaleCache(t *testing.T) {
	url := testserver.Database(t, "game", postgres.Migrate)
	for name, tc := range map[string]struct {
		elsewhere func(*testing.T, play.Store, play.Key)
		amount    int64
		want      errorsv1.Reason
	}{
		"a bet on the same wager": {func(t *testing.T, other play.Store, key play.Key) {
			must(t, other, key, placeBet(key.Player, 10))
		}, 10, errorsv1.Reason_REASON_BET_EXISTS},
		"a seat that was given up": {func(t *testing.T, other play.Store, key play.Key) {
			must(t, other, play.Key{Game: key.Game, All: true}, func(turn *play.Turn) error { return turn.Join(newID()) })
			must(t, other, play.Key{Game: key.Game, All: true}, func(turn *play.Turn) error { return turn.Leave(key.Player) })
		}, 10, errorsv1.Reason_REASON_NOT_SEATED},
		"money that lies at another table": {func(t *testing.T, other play.Store, key play.Key) {
			spendAllButTwo(t, other, key.Player)
		}, 10, errorsv1.Reason_REASON_INSUFFICIENT_FUNDS},
		"a limit that the player has set": {func(t *testing.T, other play.Store, key play.Key) {
			must(t, other, play.Key{Player: key.Player}, func(turn *play.Turn) error {
				turn.Protections[key.Player] = protection.New(0, turn.Now)
				return turn.Protections[key.Player].Exclude(protection.CoolOff, 1, turn.Now)
			})
		}, 10, errorsv1.Reason_REASON_SELF_EXCLUDED},
		"nothing":                           {func(*testing.T, play.Store, play.Key) {}, 10, errorsv1.Reason_REASON_UNSPECIFIED},
		"nothing, and the bet is too large": {func(*testing.T, play.Store, play.Key) {}, 501, errorsv1.Reason_REASON_AMOUNT_OUT_OF_LIMITS},
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

// TestCachedRefusalIsVerified has another replica take away why this one would refuse something. Once only the game changes by that,
// once only the wallet.
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

// TestCachedRollRefusalIsVerified has another replica place the bet that the dice wait for. Nobody's wallet is in the cache
// beside the table.
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

// TestConcurrentProtectionChangeIsKept has two replicas set something for one player.
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
		t.Errorf("what was set elsewhere is gone: %+v, %v", state, err)
	}
}

// TestServerRestartClearsCache restarts the server, which may have forgotten too.
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

// TestStaleGameIsRemoved has another replica close a game. It is taken from the cache in vain once, however many come to it.
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
		t.Errorf("cached %d times", cached)
	}
}
