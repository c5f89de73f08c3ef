package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// benchRules give players enough tokens for any benchmark.
var benchRules = play.Rules{Grant: 1_000_000_000, ShooterTimeout: time.Minute}

const (
	benchBankroll = 1_000_000_000_000_000
	seatsPerTable = 8
	betsPerPlayer = 8
	firstWager    = "field"
	stake         = 120
)

// Bench measures how many bets a store makes durable per second, for groups of different sizes. Each group is one transaction
// with one bet and one request id for each of as many players, eight to a table. Groups run one by one, and in the last
// benchmark concurrently, as in a busy service.
func Bench(b *testing.B, open func(b *testing.B) play.Store) {
	for _, size := range []int{1, 16, 128} {
		b.Run(fmt.Sprintf("group=%d", size), func(b *testing.B) {
			bench := newBench(b, open(b))
			for b.Loop() {
				bench.step(size)
			}
			bench.report()
		})
	}
	const size = 64
	b.Run(fmt.Sprintf("group=%d/parallel", size), func(b *testing.B) {
		bench := newBench(b, open(b))
		b.SetParallelism(2)
		b.RunParallel(func(pb *testing.PB) {
			own := bench
			for pb.Next() {
				own.step(size)
			}
		})
		bench.report()
	})
}

// anytimeWagers returns wagers that can be placed at a new table, whatever other bets there are.
func anytimeWagers() []string {
	var names []string
	for _, wager := range craps.Wagers() {
		if wager.Place.Open(craps.State{}) && wager.Behind == nil && stake%wager.Multiple(0) == 0 && wager.Name != firstWager {
			names = append(names, wager.Name)
		}
	}
	return names[:betsPerPlayer]
}

type bench struct {
	b      *testing.B
	store  play.Store
	now    time.Time
	wagers []string
	next   int
	keys   []play.Key
	bets   *atomic.Int64
}

func newBench(b *testing.B, store play.Store) bench {
	bench := bench{b: b, store: store, now: time.Now().Truncate(time.Microsecond), wagers: anytimeWagers(), bets: new(atomic.Int64)}
	bench.update(func(tx play.Tx) error {
		return tx.Transfer(b.Context(), ledger.Transfer{From: ledger.Issuance, To: ledger.House, Amount: benchBankroll, Reason: ledger.Bankroll, At: bench.now})
	})
	return bench
}

func (b *bench) report() { b.b.ReportMetric(float64(b.bets.Load())/b.b.Elapsed().Seconds(), "bets/s") }

// step runs one group. Once every player has a bet on each wager, it opens new tables with new players.
func (b *bench) step(size int) {
	if b.next%len(b.wagers) == 0 {
		b.openTables(size)
	}
	b.placeBets(b.wagers[b.next%len(b.wagers)])
	b.next++
}

func (b *bench) must(err error) {
	b.b.Helper()
	if err != nil {
		b.b.Fatal(err)
	}
}

func (b *bench) update(f func(play.Tx) error) {
	b.b.Helper()
	b.must(b.store.Update(b.b.Context(), f))
}

func (b *bench) prepare(turn *play.Turn) *play.Turn {
	turn.Rules, turn.Now, turn.NewID = benchRules, b.now, newID
	return turn
}

// openTables opens new tables and seats new players.
func (b *bench) openTables(players int) {
	b.keys = b.keys[:0]
	var turns []*play.Turn
	for i := range players {
		player := newID()
		if i%seatsPerTable == 0 {
			turn := b.prepare(&play.Turn{})
			b.must(play.Create(turn, player, play.Limits{MaxPlayers: seatsPerTable, MinBet: 1, MaxBet: stake}))
			turns = append(turns, turn)
		}
		turn := turns[len(turns)-1]
		b.must(turn.Join(player))
		b.keys = append(b.keys, play.Key{Game: turn.Game.ID, Player: player})
	}
	b.update(func(tx play.Tx) error { return tx.Save(b.b.Context(), turns...) })
	b.placeBets(firstWager) // Opens wallets and reserves.
}

// placeBets runs one group, in which each player bets on a wager.
func (b *bench) placeBets(wager string) {
	ctx := b.b.Context()
	b.update(func(tx play.Tx) error {
		requests := make(map[play.RequestKey]play.Request, len(b.keys))
		keys := make([]play.RequestKey, len(b.keys))
		for i, key := range b.keys {
			keys[i] = play.RequestKey{Player: key.Player, ID: uuid.NewString()}
			requests[keys[i]] = play.Request{Fingerprint: make([]byte, 32), Response: make([]byte, 150), At: b.now}
		}
		turns, err := tx.Load(ctx, b.keys...)
		if err != nil {
			return err
		}
		if _, err := tx.Requests(ctx, keys...); err != nil {
			return err
		}
		var changed []*play.Turn
		for i, key := range b.keys {
			turn := turns[i]
			if i%seatsPerTable == 0 {
				changed = append(changed, b.prepare(turn))
			}
			if _, err := turn.PlaceBet(play.NewBet{Player: key.Player, Wager: wager, Amount: stake, Seed: "lucky"}); err != nil {
				return fmt.Errorf("%s: %w", wager, err)
			}
		}
		if err := tx.Save(ctx, changed...); err != nil {
			return err
		}
		return tx.SaveRequests(ctx, requests)
	})
	b.bets.Add(int64(len(b.keys)))
}
