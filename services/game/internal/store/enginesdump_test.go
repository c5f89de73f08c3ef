package store_test

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// lines are the contents of a store, for comparison.
type lines []string

func (l *lines) add(value any, err error) { *l = append(*l, fmt.Sprintf("%+v %v", value, err)) }

// addEach adds a line for the count and one for each value.
func addEach[V any](l *lines, values []V, err error, show func(V) any) {
	l.add(len(values), err)
	for _, value := range values {
		l.add(show(value), nil)
	}
}

// dump reads everything that a store's readers return, except the ids of transfers, which a failed transaction uses up only on PostgreSQL.
func (w *workload) dump(s play.Store) (l lines) {
	for _, game := range w.games {
		w.dumpGame(&l, s, game)
	}
	for _, player := range w.players {
		w.dumpPlayer(&l, s, player)
	}
	house, _, err := s.Balance(w.t.Context(), ledger.House)
	l.add(house, err)
	l.add(s.Leaders(w.t.Context(), play.ScoresAt(play.AllTime, w.now), play.Score{}, 10))
	games, err := s.OpenGames(w.t.Context(), uuid.Nil, 100)
	addEach(&l, games, err, func(g *play.Game) any { return g.ID })
	return l
}

// dumpGame reads a game.
func (w *workload) dumpGame(l *lines, s play.Store, id uuid.UUID) {
	ctx := w.t.Context()
	game, err := s.Game(ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	l.add(*game, nil)
	live, err := s.LiveBets(ctx, id)
	addEach(l, live, err, func(b *play.Bet) any { return *b })
	for _, player := range w.players {
		bets, err := s.Bets(ctx, id, player, 0, uuid.Nil, 7)
		addEach(l, bets, err, func(b *play.Bet) any { return *b })
		l.add(s.Result(ctx, id, max(game.Round, 2)-1, player))
	}
	rounds, err := s.Rounds(ctx, id, 0, 5)
	addEach(l, rounds, err, func(r *play.Round) any {
		return fmt.Sprint(r.Number, r.Status, r.Dice, r.Call, r.ClosedAt, r.SettledAt, r.Sequence)
	})
	events, err := s.Events(ctx, id, game.Sequence-min(game.Sequence, 10), 20)
	addEach(l, events, err, func(event *play.Event) any { return fmt.Sprintf("%d %T", event.GetSequence(), event.GetDetail()) })
	l.add(s.Rolls(ctx, id, 50))
	for _, account := range []ledger.Account{ledger.Escrow(id), ledger.Reserve(id)} {
		balance, _, err := s.Balance(ctx, account)
		l.add(balance, err)
	}
}

// dumpPlayer reads everything of a player.
func (w *workload) dumpPlayer(l *lines, s play.Store, player uuid.UUID) {
	ctx := w.t.Context()
	balance, open, err := s.Balance(ctx, ledger.Wallet(player))
	l.add(fmt.Sprint(balance, open), err)
	l.add(s.InPlay(ctx, player))
	state, err := s.Protection(ctx, player)
	if l.add(state != nil, err); state != nil {
		l.add(*state, nil)
	}
	const page = 12
	for below := int64(0); ; {
		entries, err := s.Entries(ctx, player, below, page)
		addEach(l, entries, err, func(entry play.Entry) any {
			entry.ID = 0
			return entry
		})
		if len(entries) < page {
			break
		}
		below = entries[page-1].ID
	}
	l.add(s.Scores(ctx, player, play.ScoresAt(calendar.Day, w.now), play.ScoresAt(play.AllTime, w.now)))
}
