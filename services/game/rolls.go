package game

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// RollDice implements the contract.
func (s *gameServer) RollDice(ctx context.Context, req *gamev1.RollDiceRequest) (*gamev1.RollDiceResponse, error) {
	id, err := parseID("game_id", req.GetGameId())
	if err != nil {
		return nil, err
	}
	player := identity.FromContext(ctx).Player
	// What is remembered under the request id is only which round it rolled, so a retry waits for that round too.
	resp := &gamev1.RollDiceResponse{GameId: id.String()}
	var finish func(context.Context, uuid.UUID, uint64) (*play.Round, error)
	cmd := &command{ctx: ctx, from: player, key: play.Key{Game: id, All: true}, req: req, resp: resp,
		run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (*play.Turn, error) {
			if err := enter(ctx, tx, turn, player); err != nil {
				return nil, err
			}
			finish, resp.Round = s.finish, int64(turn.Game.Round) // Of a round that another call closed.
			if turn.Game.Rolling && turn.Game.Seated(player) {
				return nil, nil // The dice are in the air: wait for them.
			}
			finish = s.processGameRound
			return turn, turn.Close(player)
		}}
	if err := s.commits.do(cmd); err != nil {
		return nil, err
	}
	if cmd.repeated {
		finish = s.finish
	}
	round, err := finish(ctx, id, uint64(resp.GetRound()))
	if err != nil {
		return nil, err
	}
	return s.rolled(ctx, player, round)
}

// processGameRound is finish for whoever has just closed the round's bets: each round has one such span, and none where a crash
// cut it off and another call or process finishes it.
func (s *Service) processGameRound(ctx context.Context, game uuid.UUID, number uint64) (_ *play.Round, err error) {
	ctx, span := s.tracer.Start(ctx, "process_game_round", trace.WithAttributes(
		attribute.String("game.id", game.String()), attribute.Int64("game.round", int64(number))))
	defer func() { telemetry.End(span, err) }()
	return s.finish(ctx, game, number)
}

// finish takes a committed round to its end: the validators decide it, then every bet is settled, once. It may be called
// any number of times, from any replica, for the same round.
func (s *Service) finish(ctx context.Context, game uuid.UUID, number uint64) (*play.Round, error) {
	round, err := s.store.Round(ctx, game, number)
	if err != nil || round.Status == play.Settled {
		return round, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Tables.RollTimeout)
	defer cancel()
	decision, err := s.decide(ctx, round)
	if err != nil {
		return nil, err
	}
	return s.settle(ctx, game, number, decision)
}

// settle pays a decided round out, unless somebody else did, maybe a moment ago in the same group.
func (s *Service) settle(ctx context.Context, game uuid.UUID, number uint64, decision play.Decision) (*play.Round, error) {
	var round *play.Round
	err := s.commits.do(&command{ctx: ctx, from: game, key: play.Key{Game: game, All: true}, run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (_ *play.Turn, err error) {
		if round = turn.Settled(number); round != nil {
			return nil, nil
		}
		if round, err = tx.Round(ctx, game, number); err != nil || round.Status == play.Settled {
			return nil, err
		}
		return turn, turn.Settle(round, decision)
	}})
	if err != nil {
		return nil, err
	}
	return round, nil
}

// rolled tells a player what a settled round did.
func (s *Service) rolled(ctx context.Context, player uuid.UUID, round *play.Round) (*gamev1.RollDiceResponse, error) {
	log, err := s.store.Events(ctx, round.Game, round.Sequence-1, 1)
	if err != nil {
		return nil, err
	}
	if len(log) == 0 || log[0].GetDiceRolled() == nil {
		return nil, fmt.Errorf("game %s has no roll at event %d", round.Game, round.Sequence)
	}
	event := log[0].GetDiceRolled()
	balance, err := s.balance(ctx, player)
	if err != nil {
		return nil, err
	}
	resp := &gamev1.RollDiceResponse{GameId: round.Game.String(), Round: event.GetRound(), Dice: event.GetDice(), Total: event.GetTotal(),
		Call: event.GetCall(), DecisionHeight: event.GetDecisionHeight(), BeaconHeight: event.GetBeaconHeight(), Phase: event.GetPhase(),
		Point: event.GetPoint(), ShooterId: event.GetShooterId(), Balance: balance}
	for _, settlement := range event.GetSettlements() {
		if settlement.GetPlayerId() == player.String() {
			resp.Settlements = append(resp.Settlements, settlement)
		}
	}
	return resp, nil
}

// balance is what a player may bet. A player's first look opens the wallet.
func (s *Service) balance(ctx context.Context, player uuid.UUID) (int64, error) {
	account := ledger.Wallet(player)
	balance, open, err := s.store.Balance(ctx, account)
	if err != nil || open {
		return balance, err
	}
	err = s.commits.do(&command{ctx: ctx, from: player, key: play.Key{Player: player},
		run: func(_ context.Context, _ play.Tx, turn *play.Turn) (*play.Turn, error) {
			turn.OpenWallet(player)
			balance = turn.Wallets[player]
			return turn, nil
		}})
	if err != nil {
		return 0, err
	}
	return balance, nil
}
