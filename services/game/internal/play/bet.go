package play

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
)

// NewBet is a bet that a player wants to place.
type NewBet struct {
	Player  uuid.UUID
	Wager   string
	Amount  int64
	Number  uint8
	Working bool
	Seed    string
}

// PlaceBet places a bet and moves its stake to escrow. The player's live bets and wallet must be loaded.
func (t *Turn) PlaceBet(want NewBet) (*Bet, error) {
	if err := cmp.Or(t.checkBettingOpen(), t.checkNotDeleted(want.Player)); err != nil {
		return nil, err
	}
	if !t.Game.Seated(want.Player) {
		return nil, errs.New(errorsv1.Reason_REASON_NOT_SEATED, "join the game before you bet on it")
	}
	wager := craps.ByName(want.Wager)
	if wager == nil {
		return nil, errs.New(errorsv1.Reason_REASON_WAGER_UNKNOWN, "no wager is called %q; GET /api/v1/wagers lists them", want.Wager).
			Field("bet_type", "must be the name of a wager")
	}
	bet := &Bet{ID: t.NewID(), Game: t.Game.ID, Player: want.Player, Wager: wager, Amount: want.Amount, Seed: want.Seed,
		Working: want.Working || !wager.OffOnComeOut, Status: Live, PlacedRound: t.Game.Round, PlacedAt: t.Now}
	if want.Working && !wager.OffOnComeOut {
		return nil, errs.New(errorsv1.Reason_REASON_WORKING_NOT_APPLICABLE, "%s works on every roll; leave working out", wager.Name).
			Field("working", "only for wagers that rest on come-out rolls")
	}
	var err error
	if bet.Number, err = t.betNumber(wager, want.Number); err != nil {
		return nil, err
	}
	for _, check := range []func(*Bet) error{t.checkProtection, t.checkPlacement, t.checkAmount, t.checkFunds} {
		if err := check(bet); err != nil {
			return nil, err
		}
	}
	bet.Commission = wager.CommissionFor(bet.Amount)
	if err := t.addExposure(bet.maxProfit()); err != nil {
		return nil, err
	}
	t.OpenWallet(bet.Player)
	t.Bets = append(t.Bets, bet)
	if protection := t.protection(bet.Player); protection != nil {
		protection.RecordBet(bet.Amount, t.Now, t.Rules.Protection)
	}
	wallet, escrow := ledger.Wallet(bet.Player), ledger.Escrow(bet.Game)
	t.transfer(wallet, escrow, bet.Amount, ledger.Stake, bet, t.Game.Round)
	t.transfer(wallet, escrow, bet.Commission, ledger.CommissionHeld, bet, t.Game.Round)
	t.emit(&Event{Detail: &gamev1.Event_BetPlaced{BetPlaced: &gamev1.BetPlaced{BetId: bet.ID.String(), PlayerId: bet.Player.String(),
		BetType: wager.Name, Number: int32(bet.Number), Amount: bet.Amount, Working: bet.Working, ClientSeed: bet.Seed, Commission: bet.Commission}}})
	t.betChanged(bet)
	return bet, nil
}

// betChanged records activity at the table. A line bet makes its owner the shooter if nobody is; a bet of any player other
// than the shooter starts the shooter's timeout.
func (t *Turn) betChanged(bet *Bet) {
	g := t.Game
	g.UpdatedAt = t.Now
	if g.Shooter == uuid.Nil && g.Craps.ComeOut() && bet.Status == Live && isLine(bet) {
		t.setShooter(bet.Player)
	}
	if g.TurnDueAt.IsZero() && bet.Status == Live && bet.Player != g.Shooter {
		g.TurnDueAt = t.Now.Add(t.Rules.ShooterTimeout)
	}
}

// betNumber returns the number of a new bet: the point for odds on the line, the come bet's number for its odds, else 0.
func (t *Turn) betNumber(wager *craps.Wager, wanted uint8) (uint8, error) {
	switch {
	case wager.Behind == nil && wanted != 0:
		return 0, errs.New(errorsv1.Reason_REASON_NUMBER_INVALID, "%s takes no number", wager.Name).Field("number", "must be left out")
	case isLineOdds(wager) && wanted != 0 && wanted != t.Game.Craps.Point:
		return 0, errs.New(errorsv1.Reason_REASON_NUMBER_INVALID, "%s stands on the point, which is %d", wager.Name, t.Game.Craps.Point).
			Field("number", "must be the point, or left out")
	case isLineOdds(wager):
		return t.Game.Craps.Point, nil
	case wager.Behind != nil && !slices.Contains(craps.Points[:], wanted):
		return 0, errs.New(errorsv1.Reason_REASON_NUMBER_INVALID, "%s needs the number of the bet that it stands behind", wager.Name).
			Field("number", "must be 4, 5, 6, 8, 9 or 10")
	}
	return wanted, nil
}

// checkPlacement fails if the wager can't be placed now, or the player has a live bet on it already.
func (t *Turn) checkPlacement(bet *Bet) error {
	state, wager := t.Game.Craps, bet.Wager
	switch {
	case wager.Place == craps.OnComeOut && !wager.Place.Open(state):
		return errs.New(errorsv1.Reason_REASON_WRONG_PHASE, "%s can be placed only before a point is set; the point is %d", wager.Name, state.Point)
	case wager.Place == craps.OnPoint && !wager.Place.Open(state), isLineOdds(wager) && state.ComeOut():
		return errs.New(errorsv1.Reason_REASON_WRONG_PHASE, "%s can be placed only while a point is set", wager.Name)
	case wager.Place == craps.OnNewHand && !wager.Place.Open(state):
		return errs.New(errorsv1.Reason_REASON_WINDOW_PASSED, "%s can be placed only before the first roll of a hand; wait for the next shooter", wager.Name)
	case wager.Place == craps.OnlySince7 && !wager.Place.Open(state):
		return errs.New(errorsv1.Reason_REASON_WINDOW_PASSED, "%s can be placed only before the first roll after a 7; wait for the next 7", wager.Name)
	case wager.Behind != nil && t.flatBet(bet) == nil:
		return errs.New(errorsv1.Reason_REASON_FLAT_BET_REQUIRED, "%s stands behind a %s bet on that number, and you have none", wager.Name, wager.Behind.Name)
	case t.liveBet(bet.Player, wager, bet.Number) != nil:
		return errs.New(errorsv1.Reason_REASON_BET_EXISTS, "you have a live %s bet already", wager.Name)
	}
	return nil
}

// isLineOdds reports whether a wager is odds on the line, which stand on the table's point.
func isLineOdds(wager *craps.Wager) bool {
	return wager.Behind != nil && wager.Behind.Settles == craps.Line
}

// flatBet returns the bet that odds stand behind, or nil.
func (t *Turn) flatBet(odds *Bet) *Bet {
	number := odds.Number
	if isLineOdds(odds.Wager) {
		number = 0 // Line bets stand on the table's point, not on a number of their own.
	}
	return t.liveBet(odds.Player, odds.Wager.Behind, number)
}

// checkAmount fails if the table does not accept the stake.
func (t *Turn) checkAmount(bet *Bet) error {
	limits := t.Game.Limits
	if bet.Wager.Behind != nil {
		if most := bet.Wager.MaxStake(bet.Number, t.flatBet(bet).Amount); bet.Amount > most {
			return errs.New(errorsv1.Reason_REASON_ODDS_OVER_LIMIT, "amount is %d; at most %d may stand behind your bet on %d", bet.Amount, most, bet.Number).
				Field("amount", "must not exceed the odds limit").WithMetadata("max", most)
		}
	} else if bet.Amount < limits.MinBet || bet.Amount > limits.MaxBet {
		return errs.New(errorsv1.Reason_REASON_AMOUNT_OUT_OF_LIMITS, "amount is %d; this table accepts %d to %d", bet.Amount, limits.MinBet, limits.MaxBet).
			Field("amount", "must be within the table's limits").WithMetadata("min", limits.MinBet).WithMetadata("max", limits.MaxBet)
	}
	if multiple := bet.Wager.Multiple(bet.Number); bet.Amount%multiple != 0 {
		return errs.New(errorsv1.Reason_REASON_AMOUNT_NOT_MULTIPLE, "amount is %d; %s pays exactly only on multiples of %d", bet.Amount, bet.Wager.Name, multiple).
			Field("amount", "must be a multiple").WithMetadata("multiple", multiple)
	}
	return nil
}

// checkFunds fails if the wallet can't pay stake and commission. A player without a wallet has the grant that it will open with.
func (t *Turn) checkFunds(bet *Bet) error {
	balance, open := t.Wallets[bet.Player]
	if !open {
		balance = t.Rules.Grant
	}
	commission := bet.Wager.CommissionFor(bet.Amount)
	if balance < bet.Amount+commission {
		return errs.New(errorsv1.Reason_REASON_INSUFFICIENT_FUNDS, "the bet costs %d, commission of %d included; your wallet holds %d", bet.Amount+commission, commission, balance).
			Field("amount", "must not exceed the balance").WithMetadata("balance", balance)
	}
	return nil
}

// addExposure adds to the table's exposure, and sets it aside. It fails if the house could not pay it.
func (t *Turn) addExposure(profit int64) error {
	if err := t.cover(t.Game.Exposure + profit); err != nil {
		return err
	}
	t.Game.Exposure += profit
	return nil
}

// OpenWallet grants the play balance to a player who has no wallet yet. The player's wallet must be loaded.
func (t *Turn) OpenWallet(player uuid.UUID) {
	if _, open := t.Wallets[player]; open {
		return
	}
	t.Wallets[player] = t.Rules.Grant
	t.Transfers = append(t.Transfers, ledger.Transfer{From: ledger.Issuance, To: ledger.Wallet(player), Amount: t.Rules.Grant,
		Reason: ledger.Grant, At: t.Now})
}

func isLine(bet *Bet) bool { return bet.Wager.Settles == craps.Line && bet.Wager.Behind == nil }
