package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/store/sqlite/db"
)

// Save implements play.Tx.
func (t *transaction) Save(ctx context.Context, turns ...*play.Turn) error {
	ctx = withoutCancel(ctx)
	for _, turn := range turns {
		if turn.Game == nil {
			continue
		}
		if err := t.saveTurn(ctx, turn); err != nil {
			return fmt.Errorf("save game %s: %w", turn.Game.ID, err)
		}
		t.keepGame(turn)
	}
	if err := t.Transfer(ctx, t.funds.TakeTransfers()...); err != nil {
		return err
	}
	return t.saveProtections(ctx)
}

// saveProtections must follow the transfers, which open wallets.
func (t *transaction) saveProtections(ctx context.Context) error {
	players, texts, err := t.protections.Changed()
	for i, player := range players {
		err = cmp.Or(err, expectOneRow(t.q.UpdateProtection(ctx, texts[i], ledger.Wallet(player))))
	}
	return err
}

func (t *transaction) saveTurn(ctx context.Context, turn *play.Turn) error {
	for _, save := range []func(context.Context, *play.Turn) error{t.saveGame, t.saveSeats, t.saveBets, t.saveRounds, t.saveResults,
		t.saveScores, t.saveLobby, t.saveEvents, t.saveChat, t.addInPlay} {
		if err := save(ctx, turn); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) saveSeats(ctx context.Context, turn *play.Turn) error {
	joined, left := turn.SeatChanges()
	for _, seat := range left {
		if err := t.q.DeleteSeat(ctx, turn.Game.ID, int64(seat.Number)); err != nil {
			return err
		}
	}
	for _, seat := range joined {
		if err := t.q.InsertSeat(ctx, db.InsertSeatParams{
			GameID: turn.Game.ID, Number: int64(seat.Number), PlayerID: seat.Player, JoinedAt: micros.Of(seat.JoinedAt)}); err != nil {
			return err
		}
	}
	return nil
}

// saveBets writes decided bets first: a come bet may travel to a number that another one has just left, and the schema
// allows one live bet on each.
func (t *transaction) saveBets(ctx context.Context, turn *play.Turn) error {
	placed, changed := turn.BetChanges()
	slices.SortStableFunc(changed, func(a, b *play.Bet) int { return cmp.Compare(liveRank(a), liveRank(b)) })
	for _, b := range changed {
		err := expectOneRow(t.q.UpdateBet(ctx, db.UpdateBetParams{Number: int64(b.Number), Working: boolToInt(b.Working), Amount: b.Amount, Commission: b.Commission,
			Status: b.Status, DecidedRound: int64(b.DecidedRound), Payout: b.Payout, ID: b.ID}))
		if err != nil {
			return fmt.Errorf("bet %s: %w", b.ID, err)
		}
	}
	for _, b := range placed {
		if err := t.q.InsertBet(ctx, db.InsertBetParams{
			ID: b.ID, GameID: b.Game, PlayerID: b.Player, Wager: int64(b.Wager.Code), Number: int64(b.Number), Working: boolToInt(b.Working), Amount: b.Amount,
			Commission: b.Commission, Seed: b.Seed, Status: b.Status, PlacedRound: int64(b.PlacedRound), DecidedRound: int64(b.DecidedRound), Payout: b.Payout, PlacedAt: micros.Of(b.PlacedAt),
		}); err != nil {
			return fmt.Errorf("bet %s: %w", b.ID, err)
		}
	}
	return nil
}

func liveRank(b *play.Bet) int {
	if b.Status == play.Live {
		return 1
	}
	return 0
}

func (t *transaction) saveRounds(ctx context.Context, turn *play.Turn) error {
	for _, round := range turn.Rounds {
		if err := t.saveRound(ctx, round); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) saveRound(ctx context.Context, r *play.Round) error {
	if r.Status == play.Committed {
		return t.q.InsertRound(ctx, db.InsertRoundParams{
			GameID: r.Game, Number: int64(r.Number), Commitment: r.Commitment.Encode(), State: r.State.Encode(), Bets: protocol.EncodeBets(r.Bets),
			ClosedAt: micros.Of(r.ClosedAt)})
	}
	return expectOneRow(t.q.SettleRound(ctx, db.SettleRoundParams{
		FirstDie: int64(r.Dice.First), SecondDie: int64(r.Dice.Second), Call: string(r.Call), Height: r.Decision.Height,
		BeaconHeight: r.Decision.BeaconHeight, BeaconSignature: r.Decision.BeaconSignature, Sequence: int64(r.Sequence), SettledAt: micros.Of(r.SettledAt),
		GameID: r.Game, Number: int64(r.Number),
	}))
}

func (t *transaction) saveResults(ctx context.Context, turn *play.Turn) error {
	for _, r := range turn.Results {
		if err := t.q.InsertResult(ctx, db.InsertResultParams{
			GameID: r.Game, Round: int64(r.Round), PlayerID: r.Player, Bets: int64(r.Bets), Payout: r.Payout, Balance: r.Balance}); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) saveEvents(ctx context.Context, turn *play.Turn) error {
	for _, event := range turn.Events {
		encoded, err := proto.Marshal(event)
		if err != nil {
			return err
		}
		if err := t.q.InsertEvent(ctx, turn.Game.ID, event.GetSequence(), encoded); err != nil {
			return err
		}
	}
	return nil
}

// Bet implements play.Tx.
func (t *transaction) Bet(ctx context.Context, id uuid.UUID) (*play.Bet, error) {
	row, err := t.q.Bet(ctx, id)
	if err != nil {
		return nil, notFound(err)
	}
	return toBet(row)
}

// Round implements play.Tx.
func (t *transaction) Round(ctx context.Context, game uuid.UUID, number uint64) (*play.Round, error) {
	row, err := t.q.Round(ctx, game, int64(number))
	if err != nil {
		return nil, notFound(err)
	}
	return toRound(row)
}

// Requests implements play.Tx.
func (t *transaction) Requests(ctx context.Context, keys ...play.RequestKey) (map[play.RequestKey]play.Request, error) {
	wanted := make([][2]any, len(keys))
	for i, key := range keys {
		wanted[i] = [2]any{key.Player, key.ID}
	}
	rows, err := t.q.RequestsOf(ctx, jsonArray(wanted))
	if err != nil {
		return nil, err
	}
	known := make(map[play.RequestKey]play.Request, len(rows))
	for _, row := range rows {
		known[play.RequestKey{Player: row.PlayerID, ID: row.ID}] = play.Request{
			Fingerprint: row.Fingerprint, Response: row.Response, At: micros.Time(row.CreatedAt)}
	}
	return known, nil
}

// SaveRequests implements play.Tx.
func (t *transaction) SaveRequests(ctx context.Context, requests map[play.RequestKey]play.Request) error {
	ctx = withoutCancel(ctx)
	for key, request := range requests {
		if err := t.q.InsertRequest(ctx, db.InsertRequestParams{PlayerID: key.Player, ID: key.ID,
			Fingerprint: request.Fingerprint, Response: request.Response, CreatedAt: micros.Of(request.At)}); err != nil {
			return err
		}
	}
	return nil
}

func boolToInt(set bool) int64 {
	if set {
		return 1
	}
	return 0
}
