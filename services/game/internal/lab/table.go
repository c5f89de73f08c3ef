// Package lab runs scripts of commands at a private in-memory table, with the rules of the service and with dice that the
// script specifies. Auditors and testers of the rules read its output.
package lab

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// Options are the settings of a script's table.
type Options struct {
	// Balance is each player's initial balance.
	Balance int64
	// Bankroll is the house's initial balance.
	Bankroll int64
	// MinBet and MaxBet are the table's limits.
	MinBet, MaxBet int64
}

// maxPlayers is the number of seats at a script's table.
const maxPlayers = 20

// table keeps one game in memory, as a store would.
type table struct {
	options Options
	game    *play.Game
	bets    []*play.Bet // Live ones.
	wallets map[uuid.UUID]int64
	house   int64
	reserve int64
	ids     uint64
}

func newTable(options Options) *table {
	return &table{options: options, wallets: make(map[uuid.UUID]int64), house: options.Bankroll}
}

// newID returns consecutive ids, so that every run of a script prints the same.
func (t *table) newID() uuid.UUID {
	t.ids++
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], t.ids)
	return id
}

// do runs a command and keeps its changes if it succeeded.
func (t *table) do(command func(*play.Turn) error) (*play.Turn, error) {
	turn := &play.Turn{Rules: play.Rules{Grant: t.options.Balance, ShooterTimeout: time.Hour}, NewID: t.newID,
		Funds: &play.Funds{Wallets: maps.Clone(t.wallets), House: t.house}, Reserve: t.reserve}
	if t.game != nil {
		game := *t.game
		game.Seats = slices.Clone(game.Seats)
		turn.Game = &game
		for _, bet := range t.bets {
			loaded := *bet
			turn.AddLoaded(&loaded)
		}
	}
	if err := command(turn); err != nil {
		return nil, err
	}
	t.game, t.wallets, t.house, t.reserve = turn.Game, turn.Wallets, turn.House, turn.Reserve
	t.bets = slices.DeleteFunc(slices.Clone(turn.Bets), func(b *play.Bet) bool { return b.Status != play.Live })
	return turn, nil
}

// join seats a player. The first one opens the table.
func (t *table) join(player uuid.UUID) (*play.Turn, error) {
	return t.do(func(turn *play.Turn) error {
		turn.Wallets[player] = t.options.Balance
		if turn.Game == nil {
			return play.Create(turn, player, play.Limits{MaxPlayers: maxPlayers, MinBet: t.options.MinBet, MaxBet: t.options.MaxBet})
		}
		return turn.Join(player)
	})
}

// roll rolls given dice, as the house.
func (t *table) roll(dice craps.Dice) (*play.Turn, error) {
	closed, err := t.do(func(turn *play.Turn) error { return turn.CloseBetting(uuid.Nil) })
	if err != nil {
		return nil, err
	}
	return t.do(func(turn *play.Turn) error { return turn.SettleDice(closed.Round(), dice) })
}

// liveBet returns a player's live bet on a wager, and on the number if one is given, or nil.
func liveBet(turn *play.Turn, player uuid.UUID, wager *craps.Wager, number uint8) *play.Bet {
	for _, bet := range turn.Bets {
		if bet.Player == player && bet.Wager == wager && (number == 0 || bet.Number == number) {
			return bet
		}
	}
	return nil
}
