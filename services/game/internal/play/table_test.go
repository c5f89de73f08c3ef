package play_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

const (
	grant    = 1000
	bankroll = 10_000_000
)

// table keeps one game and its money in memory, the way a store would, and checks the invariants after every command.
type table struct {
	t        rapid.TB
	now      time.Time
	ids      uint64
	game     *play.Game
	bets     map[uuid.UUID]*play.Bet
	live     map[uuid.UUID]*play.Bet // The live ones among bets.
	accounts map[ledger.Account]int64
	round    *play.Round
	rounds   map[uint64]*play.Round
	events   []*play.Event
	sequence uint64
	// protections are what players have set.
	protections map[uuid.UUID]*protection.State
	// bankroll is the house's initial balance, net what players have won of it according to the scores.
	bankroll int64
	net      int64
}

func newTable(t rapid.TB) *table {
	return &table{t: t, now: time.Unix(1_700_000_000, 0), bets: map[uuid.UUID]*play.Bet{}, live: map[uuid.UUID]*play.Bet{}, rounds: map[uint64]*play.Round{}, bankroll: bankroll,
		accounts: map[ledger.Account]int64{ledger.House: bankroll, ledger.Issuance: -bankroll}}
}

func (tb *table) newID() uuid.UUID {
	tb.ids++
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], tb.ids)
	return id
}

// do runs a command with everything loaded and keeps its changes if it succeeded.
func (tb *table) do(command func(*play.Turn) error) error {
	turn := &play.Turn{Rules: play.Rules{Grant: grant, ShooterTimeout: 30 * time.Second, Protection: protectionRules}, Now: tb.now, NewID: tb.newID, Funds: play.NewFunds()}
	turn.House = tb.accounts[ledger.House]
	for player, state := range tb.protections {
		loaded := *state
		turn.Protections[player] = &loaded
	}
	if tb.game != nil {
		game := *tb.game
		game.Seats = append([]play.Seat(nil), tb.game.Seats...)
		turn.Game = &game
		turn.Reserve = tb.accounts[ledger.Reserve(game.ID)]
		for _, bet := range tb.sortedBets() {
			loaded := *bet
			turn.AddLoaded(&loaded)
		}
		for account, balance := range tb.accounts {
			if account.Kind == ledger.KindPlayer {
				turn.Wallets[account.Owner] = balance
			}
		}
	}
	before := fmt.Sprintf("%+v", turn.Game) + tb.protectionsText(turn.Protections)
	if err := command(turn); err != nil {
		tb.expectUnchanged(turn, before)
		return err
	}
	tb.keep(turn)
	tb.check(turn)
	return nil
}

// expectUnchanged fails if a refused command has changed something: other commands may share its turn.
func (tb *table) expectUnchanged(turn *play.Turn, before string) {
	placed, changed := turn.BetChanges()
	if after := fmt.Sprintf("%+v", turn.Game) + tb.protectionsText(turn.Protections); after != before || len(placed)+len(changed)+len(turn.Transfers)+len(turn.Events) > 0 || len(turn.Rounds) > 0 {
		tb.t.Fatalf("a refused command left %d events, %d transfers, %v and %v, and the game went from %s to %s",
			len(turn.Events), len(turn.Transfers), placed, changed, before, after)
	}
}

func (tb *table) keep(turn *play.Turn) {
	tb.game, tb.protections = turn.Game, turn.Protections
	for _, score := range play.Scores([]*play.Turn{turn}) {
		if score.Period == play.AllTime {
			tb.net += score.Net()
		}
	}
	placed, changed := turn.BetChanges()
	for _, bet := range append(placed, changed...) {
		if before := tb.bets[bet.ID]; before != nil && before.Status != play.Live {
			tb.t.Fatalf("bet %s was %s and was changed again", bet.ID, before.Status)
		}
		tb.bets[bet.ID] = bet
		if tb.live[bet.ID] = bet; bet.Status != play.Live {
			delete(tb.live, bet.ID)
		}
	}
	for _, transfer := range turn.Transfers {
		if transfer.Amount <= 0 {
			tb.t.Fatalf("a transfer of %d", transfer.Amount)
		}
		tb.accounts[transfer.From] -= transfer.Amount
		tb.accounts[transfer.To] += transfer.Amount
	}
	for _, round := range turn.Rounds {
		tb.round = round
		tb.rounds[round.Number] = round
	}
	tb.events = append(tb.events, turn.Events...)
	for _, event := range turn.Events {
		if tb.sequence++; uint64(event.GetSequence()) != tb.sequence {
			tb.t.Fatalf("event %d follows %d", event.GetSequence(), tb.sequence-1)
		}
	}
}

func (tb *table) check(turn *play.Turn) {
	inPlay, exposure := int64(0), int64(0)
	for _, bet := range tb.live {
		inPlay += bet.Amount + bet.Commission
		exposure += bet.Wager.MaxProfit(bet.Number, bet.Amount)
	}
	sum := int64(0)
	for account, balance := range tb.accounts {
		sum += balance
		if balance < 0 && !account.MayBeNegative() {
			tb.t.Fatalf("%s has a balance of %d", account, balance)
		}
	}
	if escrow := tb.accounts[ledger.Escrow(tb.game.ID)]; sum != 0 || escrow != inPlay {
		tb.t.Fatalf("accounts sum to %d; %d is in play, escrow holds %d", sum, inPlay, escrow)
	}
	if reserve := tb.accounts[ledger.Reserve(tb.game.ID)]; tb.game.Exposure != exposure || reserve < exposure || turn.Reserve != reserve || turn.House != tb.accounts[ledger.House] {
		tb.t.Fatalf("the exposure is %d, the game has %d, and the reserve is %d (the turn has %d)", exposure, tb.game.Exposure, reserve, turn.Reserve)
	}
	if most := max(4096, 8*exposure); turn.Reserve > most {
		tb.t.Fatalf("the reserve is %d, at most %d may be set aside for an exposure of %d", turn.Reserve, most, exposure)
	}
	if won := tb.bankroll - tb.accounts[ledger.House] - tb.accounts[ledger.Reserve(tb.game.ID)]; tb.net != won {
		tb.t.Fatalf("players have won %d according to the scores, the house has paid %d", tb.net, won)
	}
	for player, set := range tb.protections {
		if inPlay := inPlayOf(tb.live, player); set.InPlay != inPlay {
			tb.t.Fatalf("%d of %s is in play, the protection has %d", inPlay, player, set.InPlay)
		}
	}
	for player, balance := range turn.Wallets {
		if balance != tb.accounts[ledger.Wallet(player)] {
			tb.t.Fatalf("the turn has %s at %d, the ledger at %d", player, balance, tb.accounts[ledger.Wallet(player)])
		}
	}
	if tb.game.Status != play.Open && inPlay != 0 {
		tb.t.Fatalf("the game is %s with %d on the table", tb.game.Status, inPlay)
	}
	if g := tb.game; g.Shooter != uuid.Nil && !g.Seated(g.Shooter) {
		tb.t.Fatal("the shooter has no seat")
	}
}

func inPlayOf(live map[uuid.UUID]*play.Bet, player uuid.UUID) (sum int64) {
	for _, bet := range live {
		if bet.Player == player {
			sum += bet.Amount + bet.Commission
		}
	}
	return sum
}

// Game, Events, Round and LiveBets implement replay.Source.

func (tb *table) Game(context.Context, uuid.UUID) (*play.Game, error) { return tb.game, nil }

func (tb *table) Events(_ context.Context, _ uuid.UUID, after uint64, limit int) ([]*play.Event, error) {
	return tb.events[after:min(after+uint64(limit), uint64(len(tb.events)))], nil
}

func (tb *table) Round(_ context.Context, _ uuid.UUID, number uint64) (*play.Round, error) {
	if round := tb.rounds[number]; round != nil {
		return round, nil
	}
	return nil, play.ErrNotFound
}

func (tb *table) LiveBets(context.Context, uuid.UUID) ([]*play.Bet, error) {
	return tb.sortedBets(), nil
}

// sortedBets are the live bets in the order of their ids, so that a failing run can be repeated.
func (tb *table) sortedBets() []*play.Bet {
	return slices.SortedFunc(maps.Values(tb.live), func(a, b *play.Bet) int { return bytes.Compare(a.ID[:], b.ID[:]) })
}

// roll closes betting for the player and settles with a beacon made from the seed.
func (tb *table) roll(player uuid.UUID, seed uint64) error {
	if err := tb.do(func(t *play.Turn) error { return t.CloseBetting(player) }); err != nil {
		return err
	}
	return tb.settle(seed)
}

func (tb *table) settle(seed uint64) error {
	signature := binary.BigEndian.AppendUint64(nil, seed)
	return tb.do(func(t *play.Turn) error {
		return t.Settle(tb.round, play.Decision{Height: 1, BeaconHeight: 2, BeaconSignature: signature})
	})
}

// rollTo closes betting and settles with dice of the total.
func (tb *table) rollTo(player uuid.UUID, total uint8) {
	if err := tb.do(func(t *play.Turn) error { return t.CloseBetting(player) }); err != nil {
		tb.t.Fatalf("close: %v", err)
	}
	tb.settleTo(total)
}

// settleTo settles the committed round with a beacon that gives dice of the total.
func (tb *table) settleTo(total uint8) {
	for seed := range uint64(10_000) {
		round, game := *tb.round, *tb.game
		probe := &play.Turn{Game: &game, NewID: tb.newID, Funds: play.NewFunds()}
		if err := probe.Settle(&round, play.Decision{BeaconSignature: binary.BigEndian.AppendUint64(nil, seed)}); err != nil {
			tb.t.Fatal(err)
		}
		if round.Dice.Total() == total {
			if err := tb.settle(seed); err != nil {
				tb.t.Fatalf("settle: %v", err)
			}
			return
		}
	}
	tb.t.Fatalf("no seed gives a total of %d", total)
}

func (tb *table) create(player uuid.UUID, limits play.Limits) {
	if err := tb.do(func(t *play.Turn) error { return play.Create(t, player, limits) }); err != nil {
		tb.t.Fatalf("create: %v", err)
	}
}

func (tb *table) bet(player uuid.UUID, wager string, amount int64, number uint8) (*play.Bet, error) {
	var bet *play.Bet
	err := tb.do(func(t *play.Turn) (err error) {
		bet, err = t.PlaceBet(play.NewBet{Player: player, Wager: wager, Amount: amount, Number: number})
		return err
	})
	return bet, err
}

func (tb *table) mustBet(player uuid.UUID, wager string, amount int64, number uint8) *play.Bet {
	bet, err := tb.bet(player, wager, amount, number)
	if err != nil {
		tb.t.Fatalf("%s %d: %v", wager, amount, err)
	}
	return bet
}

func (tb *table) remove(id uuid.UUID) error {
	return tb.do(func(t *play.Turn) error {
		for _, bet := range t.Bets {
			if bet.ID == id {
				return t.RemoveBet(bet)
			}
		}
		return t.RemoveBet(tb.bets[id])
	})
}

func (tb *table) expectReason(err error, reason errorsv1.Reason) {
	if got := errs.Reason(err); got != reason {
		tb.t.Errorf("reason %s (%v), want %s", got, err, reason)
	}
}

// change applies a change to a bet.
func (tb *table) change(id uuid.UUID, change play.BetChange) error {
	return tb.do(func(t *play.Turn) error {
		for _, bet := range t.Bets {
			if bet.ID == id {
				return t.UpdateBet(bet, change)
			}
		}
		return t.UpdateBet(tb.bets[id], change)
	})
}

var limits = play.Limits{MaxPlayers: 3, MinBet: 10, MaxBet: 500}

// topUp gives more tokens to players who have few, so that a long game continues.
func (tb *table) topUp(players []uuid.UUID) {
	for _, player := range players {
		if balance, open := tb.accounts[ledger.Wallet(player)]; open && balance < grant {
			tb.accounts[ledger.Wallet(player)] += grant
			tb.accounts[ledger.Issuance] -= grant
		}
	}
}
