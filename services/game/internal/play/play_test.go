package play_test

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

const (
	grant    = 1000
	bankroll = 10_000_000
)

// table keeps one game and its money in memory, the way a store would, and checks the invariants behind every command.
type table struct {
	t        rapid.TB
	now      time.Time
	ids      uint64
	game     *play.Game
	bets     map[uuid.UUID]*play.Bet
	accounts map[ledger.Account]int64
	round    *play.Round
	sequence uint64
}

func newTable(t rapid.TB) *table {
	return &table{t: t, now: time.Unix(1_700_000_000, 0), bets: map[uuid.UUID]*play.Bet{},
		accounts: map[ledger.Account]int64{ledger.House: bankroll, ledger.Issuance: -bankroll}}
}

func (tb *table) newID() uuid.UUID {
	tb.ids++
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], tb.ids)
	return id
}

// do runs a command with everything loaded and keeps what it changed, if it succeeded.
func (tb *table) do(command func(*play.Turn) error) error {
	turn := &play.Turn{Rules: play.Rules{Grant: grant, ShooterTimeout: 30 * time.Second}, Now: tb.now, NewID: tb.newID, Balances: map[uuid.UUID]int64{},
		House: tb.accounts[ledger.House]}
	if tb.game != nil {
		game := *tb.game
		game.Seats = append([]play.Seat(nil), tb.game.Seats...)
		turn.Game = &game
		turn.Reserve = tb.accounts[ledger.Reserve(game.ID)]
		for _, bet := range tb.sorted() {
			if bet.Status == play.Live {
				loaded := *bet
				turn.AddLoaded(&loaded)
			}
		}
		for account, balance := range tb.accounts {
			if account.Kind == ledger.KindPlayer {
				turn.Balances[account.Owner] = balance
			}
		}
	}
	if err := command(turn); err != nil {
		return err
	}
	tb.keep(turn)
	tb.check(turn)
	return nil
}

func (tb *table) keep(turn *play.Turn) {
	tb.game = turn.Game
	placed, changed := turn.BetChanges()
	for _, bet := range append(placed, changed...) {
		if before := tb.bets[bet.ID]; before != nil && before.Status != play.Live {
			tb.t.Fatalf("bet %s was %s and is changed again", bet.ID, before.Status)
		}
		tb.bets[bet.ID] = bet
	}
	for _, transfer := range turn.Transfers {
		if transfer.Amount <= 0 {
			tb.t.Fatalf("a transfer of %d", transfer.Amount)
		}
		tb.accounts[transfer.From] -= transfer.Amount
		tb.accounts[transfer.To] += transfer.Amount
	}
	if turn.Round != nil {
		tb.round = turn.Round
	}
	for _, event := range turn.Events {
		if tb.sequence++; uint64(event.GetSequence()) != tb.sequence {
			tb.t.Fatalf("event %d follows %d", event.GetSequence(), tb.sequence-1)
		}
	}
}

func (tb *table) check(turn *play.Turn) {
	lying, exposure := int64(0), int64(0)
	for _, bet := range tb.bets {
		if bet.Status == play.Live {
			lying += bet.Amount + bet.Commission
			exposure += bet.Wager.MaxProfit(bet.Number, bet.Amount)
		}
	}
	sum := int64(0)
	for account, balance := range tb.accounts {
		sum += balance
		if balance < 0 && !account.MayBeNegative() {
			tb.t.Fatalf("%s is at %d", account, balance)
		}
	}
	if escrow := tb.accounts[ledger.Escrow(tb.game.ID)]; sum != 0 || escrow != lying {
		tb.t.Fatalf("accounts sum to %d; %d lies on the table, escrow holds %d", sum, lying, escrow)
	}
	if reserve := tb.accounts[ledger.Reserve(tb.game.ID)]; tb.game.Exposure != exposure || reserve < exposure || turn.Reserve != reserve || turn.House != tb.accounts[ledger.House] {
		tb.t.Fatalf("the bets can win %d, the game says %d, and %d is set aside (the turn says %d)", exposure, tb.game.Exposure, reserve, turn.Reserve)
	}
	for player, balance := range turn.Balances {
		if balance != tb.accounts[ledger.Wallet(player)] {
			tb.t.Fatalf("the turn says that %s has %d, the book says %d", player, balance, tb.accounts[ledger.Wallet(player)])
		}
	}
	if tb.game.Status != play.Open && lying != 0 {
		tb.t.Fatalf("the game is %s with %d on the table", tb.game.Status, lying)
	}
	if g := tb.game; g.Shooter != uuid.Nil && !g.Seated(g.Shooter) {
		tb.t.Fatal("the shooter has no seat")
	}
}

// sorted are the bets in the order of their ids, so that a failing run can be repeated.
func (tb *table) sorted() []*play.Bet {
	return slices.SortedFunc(maps.Values(tb.bets), func(a, b *play.Bet) int { return bytes.Compare(a.ID[:], b.ID[:]) })
}

// roll closes betting for the player and settles with a beacon made of the seed.
func (tb *table) roll(player uuid.UUID, seed uint64) error {
	if err := tb.do(func(t *play.Turn) error { return t.Close(player) }); err != nil {
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

// rollTo closes betting and has the dice show the total.
func (tb *table) rollTo(player uuid.UUID, total uint8) {
	if err := tb.do(func(t *play.Turn) error { return t.Close(player) }); err != nil {
		tb.t.Fatalf("close: %v", err)
	}
	tb.settleTo(total)
}

// settleTo settles the committed round with a beacon that throws the total.
func (tb *table) settleTo(total uint8) {
	for seed := range uint64(10_000) {
		round, game := *tb.round, *tb.game
		probe := &play.Turn{Game: &game, NewID: tb.newID}
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
	tb.t.Fatalf("no seed throws %d", total)
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

func (tb *table) wants(err error, reason errorsv1.Reason) {
	if got := errs.Reason(err); got != reason {
		tb.t.Errorf("reason %s (%v), want %s", got, err, reason)
	}
}

var limits = play.Limits{MaxPlayers: 3, MinBet: 10, MaxBet: 500}

func TestPassLineThroughAHand(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	bet := tb.mustBet(alice, "pass", 50, 0)
	tb.rollTo(alice, 6)
	if tb.game.Craps.Point != 6 || tb.bets[bet.ID].Status != play.Live {
		t.Fatalf("after a 6: point %d, bet %s", tb.game.Craps.Point, tb.bets[bet.ID].Status)
	}
	tb.mustBet(alice, "odds_pass", 100, 0)
	tb.rollTo(alice, 6)
	if got := tb.accounts[ledger.Wallet(alice)]; got != grant+50+120 {
		t.Errorf("wallet = %d", got)
	}
	if got := tb.bets[bet.ID]; got.Payout != 100 || got.DecidedRound != 2 || got.Status != play.Won {
		t.Errorf("bet = %+v", got)
	}
	if tb.game.Round != 3 || tb.game.Hand != 1 {
		t.Errorf("round %d, hand %d", tb.game.Round, tb.game.Hand)
	}
}

func TestComeBetsTravelAndTakeTheirOdds(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	tb.mustBet(alice, "pass_line", 10, 0)
	tb.rollTo(alice, 8)
	come := tb.mustBet(alice, "come", 20, 0)
	tb.rollTo(alice, 5)
	if tb.bets[come.ID].Number != 5 {
		t.Fatalf("the come bet stands on %d", tb.bets[come.ID].Number)
	}
	_, err := tb.bet(alice, "odds_come", 20, 6)
	tb.wants(err, errorsv1.Reason_REASON_FLAT_BET_REQUIRED)
	odds := tb.mustBet(alice, "odds_come", 80, 5)
	second := tb.mustBet(alice, "come", 20, 0)
	tb.rollTo(alice, 5) // The established bet wins, and the pending one takes its place.
	if tb.bets[come.ID].Payout != 40 || tb.bets[odds.ID].Payout != 200 || tb.bets[second.ID].Number != 5 {
		t.Errorf("come %+v, odds %+v, second %+v", tb.bets[come.ID], tb.bets[odds.ID], tb.bets[second.ID])
	}
}

func TestSevenOutPassesTheDice(t *testing.T) {
	tb, alice, bob := newTable(t), uuid.UUID{1}, uuid.UUID{2}
	tb.create(alice, limits)
	if err := tb.do(func(t *play.Turn) error { return t.Join(bob) }); err != nil {
		t.Fatal(err)
	}
	tb.mustBet(alice, "pass_line", 10, 0)
	tb.mustBet(bob, "dont_pass", 10, 0)
	tb.wants(tb.roll(bob, 1), errorsv1.Reason_REASON_NOT_SHOOTER)
	tb.rollTo(alice, 4)
	tb.rollTo(alice, 7)
	if tb.game.Shooter != bob || tb.game.Hand != 2 || tb.accounts[ledger.Wallet(bob)] != grant+10 {
		t.Errorf("shooter %s, hand %d, bob has %d", tb.game.Shooter, tb.game.Hand, tb.accounts[ledger.Wallet(bob)])
	}
	tb.wants(tb.roll(bob, 1), errorsv1.Reason_REASON_LINE_BET_REQUIRED)
}

func TestRefusedCommandsSayWhy(t *testing.T) {
	tb, alice, bob := newTable(t), uuid.UUID{1}, uuid.UUID{2}
	tb.create(alice, limits)
	refuse := func(player uuid.UUID, wager string, amount int64, number uint8, reason errorsv1.Reason) {
		t.Helper()
		before := tb.sequence
		_, err := tb.bet(player, wager, amount, number)
		tb.wants(err, reason)
		if tb.sequence != before {
			t.Errorf("%s %d left a trace", wager, amount)
		}
	}
	refuse(bob, "pass_line", 10, 0, errorsv1.Reason_REASON_NOT_SEATED)
	refuse(alice, "lucky_socks", 10, 0, errorsv1.Reason_REASON_WAGER_UNKNOWN)
	refuse(alice, "pass_line", 9, 0, errorsv1.Reason_REASON_AMOUNT_OUT_OF_LIMITS)
	refuse(alice, "pass_line", 501, 0, errorsv1.Reason_REASON_AMOUNT_OUT_OF_LIMITS)
	refuse(alice, "place_6", 10, 0, errorsv1.Reason_REASON_AMOUNT_NOT_MULTIPLE)
	refuse(alice, "come", 10, 0, errorsv1.Reason_REASON_WRONG_PHASE)
	refuse(alice, "odds_pass", 10, 0, errorsv1.Reason_REASON_WRONG_PHASE)
	refuse(alice, "odds_come", 10, 0, errorsv1.Reason_REASON_NUMBER_INVALID)
	refuse(alice, "field", 10, 6, errorsv1.Reason_REASON_NUMBER_INVALID)
	tb.mustBet(alice, "pass_line", 100, 0)
	refuse(alice, "pass_line", 10, 0, errorsv1.Reason_REASON_BET_EXISTS)
	tb.mustBet(alice, "hard_6", 500, 0)
	refuse(alice, "hard_8", 500, 0, errorsv1.Reason_REASON_INSUFFICIENT_FUNDS)
	tb.rollTo(alice, 4)
	refuse(alice, "dont_pass", 10, 0, errorsv1.Reason_REASON_WRONG_PHASE)
	refuse(alice, "odds_pass", 301, 0, errorsv1.Reason_REASON_ODDS_OVER_LIMIT)
	refuse(alice, "odds_pass", 100, 5, errorsv1.Reason_REASON_NUMBER_INVALID)
	refuse(alice, "odds_dont_pass", 10, 0, errorsv1.Reason_REASON_FLAT_BET_REQUIRED)
	_, err := tb.bet(alice, "field", 10, 0)
	tb.wants(err, errorsv1.Reason_REASON_UNSPECIFIED)

	if err := tb.do(func(t *play.Turn) error { return t.Close(alice) }); err != nil {
		t.Fatal(err)
	}
	refuse(alice, "field", 10, 0, errorsv1.Reason_REASON_BETTING_CLOSED)
	tb.wants(tb.do(func(t *play.Turn) error { return t.Leave(alice) }), errorsv1.Reason_REASON_BETTING_CLOSED)
}

func TestWorkingIsForBetsThatRest(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	for wager, reason := range map[string]errorsv1.Reason{"field": errorsv1.Reason_REASON_WORKING_NOT_APPLICABLE, "hard_6": errorsv1.Reason_REASON_UNSPECIFIED} {
		tb.wants(tb.do(func(t *play.Turn) error {
			_, err := t.PlaceBet(play.NewBet{Player: alice, Wager: wager, Amount: 10, Working: true})
			return err
		}), reason)
	}
}

func TestRemoval(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	pass := tb.mustBet(alice, "pass_line", 10, 0)
	if err := tb.remove(pass.ID); err != nil || tb.accounts[ledger.Wallet(alice)] != grant {
		t.Errorf("before the point: %v, wallet %d", err, tb.accounts[ledger.Wallet(alice)])
	}
	if err := tb.remove(pass.ID); err != nil {
		t.Errorf("again: %v", err)
	}
	pass, dont := tb.mustBet(alice, "pass_line", 10, 0), tb.mustBet(alice, "dont_pass", 10, 0)
	tb.rollTo(alice, 9)
	odds := tb.mustBet(alice, "odds_dont_pass", 30, 0)
	tb.wants(tb.remove(pass.ID), errorsv1.Reason_REASON_BET_LOCKED)
	if err := tb.remove(dont.ID); err != nil || tb.bets[odds.ID].Status != play.Removed {
		t.Errorf("dont_pass: %v; its odds are %s", err, tb.bets[odds.ID].Status)
	}
	tb.rollTo(alice, 9)
	tb.wants(tb.remove(pass.ID), errorsv1.Reason_REASON_BET_DECIDED)
}

func TestLeavingMidHandLeavesContractsToTheHouse(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	pass, field := tb.mustBet(alice, "pass_line", 10, 0), (*play.Bet)(nil)
	tb.rollTo(alice, 10)
	field = tb.mustBet(alice, "field", 10, 0)
	if err := tb.do(func(t *play.Turn) error { return t.Leave(alice) }); err != nil {
		t.Fatal(err)
	}
	if tb.bets[pass.ID].Status != play.Live || tb.bets[field.ID].Status != play.Removed || tb.game.Shooter != uuid.Nil {
		t.Fatalf("pass %s, field %s, shooter %s", tb.bets[pass.ID].Status, tb.bets[field.ID].Status, tb.game.Shooter)
	}
	tb.now = tb.game.TurnDueAt
	var rolls bool
	if err := tb.do(func(t *play.Turn) (err error) { rolls, err = t.TurnDue(); return err }); err != nil || !rolls {
		t.Fatalf("the house does not roll: %v", err)
	}
	tb.settleTo(10)
	if tb.bets[pass.ID].Payout != 20 || tb.game.Status != play.Completed {
		t.Errorf("pass %+v, game %s", tb.bets[pass.ID], tb.game.Status)
	}
}

func TestDicePassFromAShooterWhoWaits(t *testing.T) {
	tb, alice, bob := newTable(t), uuid.UUID{1}, uuid.UUID{2}
	tb.create(alice, limits)
	if err := tb.do(func(t *play.Turn) error { return t.Join(bob) }); err != nil {
		t.Fatal(err)
	}
	due := func() (rolls bool) {
		t.Helper()
		if err := tb.do(func(t *play.Turn) (err error) { rolls, err = t.TurnDue(); return err }); err != nil {
			t.Fatal(err)
		}
		return rolls
	}
	tb.mustBet(bob, "pass_line", 10, 0)
	if due(); tb.game.Shooter != alice {
		t.Fatal("the dice pass on before the shooter's time is over")
	}
	tb.now = tb.game.TurnDueAt
	if due() || tb.game.Shooter != bob {
		t.Fatalf("shooter is %s", tb.game.Shooter)
	}
	tb.rollTo(bob, 5)
	tb.mustBet(alice, "field", 10, 0)
	tb.now = tb.game.TurnDueAt
	if !due() {
		t.Error("a point is set, and the house does not roll for the shooter")
	}
}

func TestIdleGamesExpireButContractsPlayOut(t *testing.T) {
	tb, alice := newTable(t), uuid.UUID{1}
	tb.create(alice, limits)
	tb.mustBet(alice, "pass_line", 10, 0)
	expire := func(after time.Duration) (rolls bool) {
		t.Helper()
		tb.now = tb.now.Add(after)
		if err := tb.do(func(t *play.Turn) (err error) { rolls, err = t.Expire(tb.now.Add(-time.Hour)); return err }); err != nil {
			t.Fatal(err)
		}
		return rolls
	}
	if expire(time.Minute); tb.game.Status != play.Open {
		t.Fatal("expired within a minute")
	}
	tb.rollTo(alice, 4)
	if !expire(2 * time.Hour) {
		t.Fatal("a pass line bet with a point is not played out")
	}
	tb.settleTo(7)
	tb.mustBet(alice, "pass_line", 10, 0)
	if expire(2*time.Hour) || tb.game.Status != play.Expired || tb.accounts[ledger.Wallet(alice)] != grant-10 {
		t.Errorf("status %s, wallet %d", tb.game.Status, tb.accounts[ledger.Wallet(alice)])
	}
	_, err := tb.bet(alice, "field", 10, 0)
	tb.wants(err, errorsv1.Reason_REASON_GAME_CLOSED)
}

// TestMoneyIsConserved plays random games. The table checks the invariants behind every command.
func TestMoneyIsConserved(t *testing.T) {
	rolled, decided := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		tb := newTable(t)
		players := []uuid.UUID{{1}, {2}, {3}}
		player := rapid.SampledFrom(players)
		tb.create(players[0], limits)
		settle := func() {
			if tb.game.Rolling {
				rolled++
				if err := tb.settle(rapid.Uint64().Draw(t, "beacon")); err != nil {
					t.Fatal(err)
				}
			}
		}
		// Commands may be refused; then they must leave no trace, which the next check sees.
		commands := map[string]func(*rapid.T){
			"join": func(t *rapid.T) {
				_ = tb.do(func(turn *play.Turn) error { return turn.Join(player.Draw(t, "player")) })
			},
			"bet": func(t *rapid.T) {
				_, _ = tb.bet(player.Draw(t, "player"), rapid.SampledFrom(craps.Wagers()).Draw(t, "wager").Name,
					rapid.Int64Range(1, 4).Draw(t, "amount")*30, rapid.SampledFrom([]uint8{0, 0, 0, 4, 5, 6, 8, 9, 10}).Draw(t, "number"))
			},
			"remove": func(t *rapid.T) {
				for _, bet := range tb.sorted() {
					if rapid.IntRange(0, 3).Draw(t, "this one") == 0 {
						_ = tb.remove(bet.ID)
					}
				}
			},
			"roll": func(t *rapid.T) {
				_, _ = tb.bet(tb.game.Shooter, "pass_line", 10, 0)
				_ = tb.do(func(turn *play.Turn) error { return turn.Close(tb.game.Shooter) })
				settle()
			},
			"leave": func(t *rapid.T) {
				if rapid.IntRange(0, 4).Draw(t, "really") == 0 {
					_ = tb.do(func(turn *play.Turn) error { return turn.Leave(player.Draw(t, "player")) })
				}
			},
			"wait": func(t *rapid.T) {
				tb.now = tb.now.Add(time.Minute)
				_ = tb.do(func(turn *play.Turn) error { _, err := turn.TurnDue(); return err })
				settle()
			},
		}
		names := []string{"join", "bet", "bet", "bet", "bet", "remove", "roll", "roll", "leave", "wait"}
		for range 200 {
			commands[rapid.SampledFrom(names).Draw(t, "command")](t)
		}
		for _, bet := range tb.bets {
			if bet.Status != play.Live {
				decided++
			}
		}
	})
	if rolled < 2000 || decided < 2000 {
		t.Errorf("only %d rolls and %d decided bets: the test does not reach what it is for", rolled, decided)
	}
}
