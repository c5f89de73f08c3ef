package store_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// openTables is the least number of open games.
const openTables = 3

// command draws a command.
func (w *workload) command() command {
	c := command{player: pick(w.Rand, w.players), seed: w.Uint64()}
	if len(w.games) < openTables || w.IntN(60) == 0 {
		c.key, c.do = play.Key{Player: c.player}, command.create
		return c
	}
	all := play.Key{Game: pick(w.Rand, w.games), All: true}
	own := play.Key{Game: all.Game, Player: c.player}
	switch w.IntN(12) {
	case 0, 1, 2, 7, 8:
		wager := pick(w.Rand, craps.Wagers())
		if w.IntN(2) == 0 {
			wager = craps.ByName(pick(w.Rand, []string{"pass_line", "come", "field", "hard_8"}))
		}
		own.Wager = wager
		c.key, c.do = own, command.place
	case 3:
		c.key, c.do = own, command.change
	case 4, 5:
		c.key, c.do = all, command.joinOrLeave
	case 6:
		c.key, c.do = all, command.shoot
	default:
		c.key, c.do = all, command.settle
	}
	return c
}

func (c command) create(_ context.Context, r *rand.Rand, _ play.Tx, turn *play.Turn) (string, error) {
	return "created", play.Create(turn, c.player, play.Limits{MaxPlayers: 2 + r.IntN(3), MinBet: 1, MaxBet: 500})
}

func (c command) place(_ context.Context, r *rand.Rand, _ play.Tx, turn *play.Turn) (string, error) {
	if !turn.Game.Seated(c.player) {
		return "joined to bet", turn.Join(c.player)
	}
	number := uint8(0)
	if c.key.Wager.Behind != nil && r.IntN(2) == 0 {
		number = pick(r, craps.Points[:])
	}
	bet, err := turn.PlaceBet(play.NewBet{Player: c.player, Wager: c.key.Wager.Name, Number: number,
		Amount: c.key.Wager.Multiple(0) * (1 + r.Int64N(200)), Seed: "seed<&"})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%+v, %d left", *bet, turn.Wallets[c.player]), nil
}

func (c command) change(_ context.Context, r *rand.Rand, _ play.Tx, turn *play.Turn) (string, error) {
	own := slices.DeleteFunc(slices.Clone(turn.Bets), func(b *play.Bet) bool { return b.Player != c.player })
	if len(own) == 0 {
		return "no bet", nil
	}
	slices.SortFunc(own, func(a, b *play.Bet) int { return slices.Compare(a.ID[:], b.ID[:]) })
	bet := pick(r, own)
	if amount := bet.Amount / 2; r.IntN(2) == 0 {
		return "reduced", turn.UpdateBet(bet, play.BetChange{Amount: &amount})
	}
	return "removed", turn.RemoveBet(bet)
}

func (c command) joinOrLeave(_ context.Context, r *rand.Rand, _ play.Tx, turn *play.Turn) (string, error) {
	if r.IntN(6) == 0 {
		return "left", turn.Leave(c.player)
	}
	return "joined", turn.Join(c.player)
}

func (c command) shoot(_ context.Context, r *rand.Rand, _ play.Tx, turn *play.Turn) (string, error) {
	switch r.IntN(10) {
	case 0, 1:
		return "passed", turn.PassDice(turn.Game.Shooter)
	case 2:
		_, err := turn.Expire(turn.Now.Add(-10 * time.Minute))
		return "expired", err
	}
	return "closed", turn.CloseBetting(turn.Game.Shooter)
}

// limit sets a player's loss limit for a day.
func (c command) limit(ctx context.Context, r *rand.Rand, tx play.Tx, turn *play.Turn) (string, error) {
	turn.OpenWallet(c.player)
	if turn.Protections[c.player] == nil {
		inPlay, err := tx.InPlay(ctx, c.player)
		if err != nil {
			return "", err
		}
		turn.Protections[c.player] = protection.New(inPlay, turn.Now)
	}
	return "limited", turn.Protections[c.player].SetLimit(protection.Loss, calendar.Day, r.Int64N(800), turn.Now, rules.Protection)
}

// settle settles the round that another group has committed, or commits one.
func (command) settle(ctx context.Context, r *rand.Rand, tx play.Tx, turn *play.Turn) (string, error) {
	if !turn.Game.Rolling {
		return "closed", turn.CloseBetting(turn.Game.Shooter)
	}
	if len(turn.Rounds) > 0 {
		return "closed just now", nil
	}
	round, err := tx.Round(ctx, turn.Game.ID, turn.Game.Round)
	if err != nil {
		return "", err
	}
	return "settled", turn.Settle(round, play.Decision{Height: 3, BeaconHeight: 4, BeaconSignature: binary.BigEndian.AppendUint64(nil, r.Uint64())})
}
