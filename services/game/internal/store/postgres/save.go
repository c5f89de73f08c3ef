package postgres

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/postgres/db"
)

// Save implements play.Tx. Its statements are sent with the commit; if a transfer moves a wallet that was not loaded, one round trip
// locks it first.
func (t *transaction) Save(ctx context.Context, turns ...*play.Turn) error {
	var atTables []*play.Turn
	for _, turn := range turns {
		if turn.Game != nil {
			atTables = append(atTables, turn)
		}
	}
	defer func() { t.saved = append(t.saved, atTables...) }()
	for _, save := range []func(context.Context, []*play.Turn) error{t.saveGames, t.lockCachedWallets, t.saveSeats, t.saveBets, t.saveRounds, t.saveResults,
		t.saveScores, t.saveLobby, t.saveEvents, t.saveChat} {
		if err := save(ctx, atTables); err != nil {
			return err
		}
	}
	if err := t.Transfer(ctx, t.funds.TakeTransfers()...); err != nil {
		return err
	}
	return t.saveProtections(ctx)
}

// saveProtections must follow the transfers, which open wallets.
func (t *transaction) saveProtections(ctx context.Context) error {
	players, texts, err := t.protections.Changed()
	if err != nil || len(players) == 0 {
		return err
	}
	versions := make([]uint32, len(players))
	for i, player := range players {
		if wallet := t.accounts[ledger.Wallet(player)]; wallet != nil {
			versions[i], wallet.version, wallet.written = wallet.version, 0, true
		}
	}
	return t.later.UpdateProtections(ctx, column(players, func(p uuid.UUID) string { return ledger.Wallet(p).String() }), texts, versions)
}

// column returns one value of each row, as an array parameter that unnest turns into a column again.
func column[R, V any](rows []R, value func(R) V) []V {
	values := make([]V, len(rows))
	for i, row := range rows {
		values[i] = value(row)
	}
	return values
}

// collect concatenates what a function returns for each turn.
func collect[V any](turns []*play.Turn, of func(*play.Turn) []V) []V {
	var all []V
	for _, turn := range turns {
		all = append(all, of(turn)...)
	}
	return all
}

func (t *transaction) saveGames(ctx context.Context, turns []*play.Turn) error {
	var opened, changed []*play.Game
	for _, turn := range turns {
		if turn.New {
			opened = append(opened, turn.Game)
		} else {
			changed = append(changed, turn.Game)
		}
	}
	if len(opened) > 0 {
		row := insertGames(opened)
		await(t, &t.version, func(q *db.Queries) (uint32, error) { return q.InsertGames(ctx, row) })
	}
	if len(changed) > 0 {
		slices.SortFunc(changed, func(a, b *play.Game) int { return bytes.Compare(a.ID[:], b.ID[:]) })
		row := updateGames(changed)
		row.Versions = column(changed, func(g *play.Game) uint32 {
			if known := t.games[g.ID]; known != nil && !t.savesGame(g.ID) {
				return known.version
			}
			return 0
		})
		await(t, &t.version, func(q *db.Queries) (uint32, error) { return q.UpdateGames(ctx, row) })
	}
	return nil
}

func (t *transaction) saveSeats(ctx context.Context, turns []*play.Turn) error {
	type seat struct {
		game uuid.UUID
		play.Seat
	}
	var joined, left []seat
	for _, turn := range turns {
		in, out := turn.SeatChanges()
		for _, s := range in {
			joined = append(joined, seat{turn.Game.ID, s})
		}
		for _, s := range out {
			left = append(left, seat{turn.Game.ID, s})
		}
	}
	game, number := func(s seat) uuid.UUID { return s.game }, func(s seat) int32 { return int32(s.Number) }
	if len(left) > 0 {
		if err := t.later.DeleteSeats(ctx, column(left, game), column(left, number)); err != nil {
			return err
		}
	}
	if len(joined) == 0 {
		return nil
	}
	return t.later.InsertSeats(ctx, db.InsertSeatsParams{Games: column(joined, game), Numbers: column(joined, number),
		Players:  column(joined, func(s seat) uuid.UUID { return s.Player }),
		JoinedAt: column(joined, func(s seat) int64 { return micros.Of(s.JoinedAt) })})
}

// saveBets writes decided bets first, then those that changed, then new ones: a come bet may travel to a number that
// another one has just left, and the schema allows one live bet on each.
func (t *transaction) saveBets(ctx context.Context, turns []*play.Turn) error {
	var placed, decided, changed []*play.Bet
	for _, turn := range turns {
		added, others := turn.BetChanges()
		placed = append(placed, added...)
		for _, bet := range others {
			if bet.Status == play.Live {
				changed = append(changed, bet)
			} else {
				decided = append(decided, bet)
			}
		}
	}
	for _, bets := range [][]*play.Bet{decided, changed} {
		if len(bets) > 0 {
			if err := t.later.UpdateBets(ctx, updateBets(bets)); err != nil {
				return err
			}
		}
	}
	if len(placed) > 0 {
		return t.later.InsertBets(ctx, insertBets(placed))
	}
	return nil
}

func (t *transaction) saveRounds(ctx context.Context, turns []*play.Turn) error {
	var committed, settled []*play.Round
	for _, r := range collect(turns, func(turn *play.Turn) []*play.Round { return turn.Rounds }) {
		if r.Status == play.Committed {
			committed = append(committed, r)
		} else {
			settled = append(settled, r)
		}
	}
	if len(committed) > 0 {
		if err := t.later.InsertRounds(ctx, db.InsertRoundsParams{
			Games:       column(committed, func(r *play.Round) uuid.UUID { return r.Game }),
			Numbers:     column(committed, func(r *play.Round) int64 { return int64(r.Number) }),
			Commitments: column(committed, func(r *play.Round) []byte { return r.Commitment.Encode() }),
			States:      column(committed, func(r *play.Round) []byte { return r.State.Encode() }),
			Bets:        column(committed, func(r *play.Round) []byte { return protocol.EncodeBets(r.Bets) }),
			ClosedAt:    column(committed, func(r *play.Round) int64 { return micros.Of(r.ClosedAt) }),
		}); err != nil {
			return err
		}
	}
	if len(settled) > 0 {
		return t.later.SettleRounds(ctx, settleRounds(settled))
	}
	return nil
}

func (t *transaction) saveResults(ctx context.Context, turns []*play.Turn) error {
	results := collect(turns, func(turn *play.Turn) []play.Result { return turn.Results })
	if len(results) == 0 {
		return nil
	}
	return t.later.InsertResults(ctx, db.InsertResultsParams{
		Games:    column(results, func(r play.Result) uuid.UUID { return r.Game }),
		Rounds:   column(results, func(r play.Result) int64 { return int64(r.Round) }),
		Players:  column(results, func(r play.Result) uuid.UUID { return r.Player }),
		Bets:     column(results, func(r play.Result) int32 { return int32(r.Bets) }),
		Payouts:  column(results, func(r play.Result) int64 { return r.Payout }),
		Balances: column(results, func(r play.Result) int64 { return r.Balance }),
	})
}

func (t *transaction) saveEvents(ctx context.Context, turns []*play.Turn) error {
	var games []uuid.UUID
	var sequences []int64
	var events [][]byte
	for _, turn := range turns {
		for _, event := range turn.Events {
			encoded, err := proto.Marshal(event)
			if err != nil {
				return fmt.Errorf("event of game %s: %w", turn.Game.ID, err)
			}
			games, sequences, events = append(games, turn.Game.ID), append(sequences, event.GetSequence()), append(events, encoded)
		}
	}
	if len(events) == 0 {
		return nil
	}
	return t.later.InsertEvents(ctx, games, sequences, events)
}
