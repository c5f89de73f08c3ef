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
	// The answer stored under the request id holds only the number of the round, so a retry waits for that round too.
	resp := &gamev1.RollDiceResponse{GameId: id.String()}
	var finish func(context.Context, uuid.UUID, uint64) (*play.Round, error)
	cmd := &command{ctx: ctx, actor: player, key: play.Key{Game: id, All: true}, req: req, resp: resp,
		run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (*play.Turn, error) {
			if err := checkAdmitted(ctx, tx, turn, player); err != nil {
				return nil, err
			}
			finish, resp.Round = s.finishRound, int64(turn.Game.Round) // For a round that another call closed.
			if turn.Game.Rolling && turn.Game.Seated(player) {
				return nil, nil // The dice are in the air: wait for them.
			}
			finish = s.processGameRound
			return turn, turn.CloseBetting(player)
		}}
	if err := s.committer.do(cmd); err != nil {
		return nil, err
	}
	if cmd.repeated {
		finish = s.finishRound
	}
	round, err := finish(ctx, id, uint64(resp.GetRound()))
	if err != nil {
		return nil, err
	}
	return s.rollResponse(ctx, player, round)
}

// processGameRound is finishRound for the call that has just closed the round's bets: each round has one such span, and none if a
// crash interrupted it and another call or process finishes the round.
func (s *Service) processGameRound(ctx context.Context, game uuid.UUID, number uint64) (_ *play.Round, err error) {
	ctx, span := s.tracer.Start(ctx, "process_game_round", trace.WithAttributes(
		attribute.String("game.id", game.String()), attribute.Int64("game.round", int64(number))))
	defer func() { telemetry.End(span, err) }()
	return s.finishRound(ctx, game, number)
}

// finishRound completes a committed round: the validators decide it, then every bet is settled, once. It may be called any number of
// times, on any replica, for the same round.
func (s *Service) finishRound(ctx context.Context, game uuid.UUID, number uint64) (*play.Round, error) {
	round, err := s.store.Round(ctx, game, number)
	if err != nil || round.Status == play.Settled {
		return round, err
	}
	if err := round.CheckPayTable(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Tables.RollTimeout)
	defer cancel()
	decision, err := s.decide(ctx, round)
	if err != nil {
		return nil, err
	}
	return s.settle(ctx, game, number, decision)
}

// settle settles a decided round, unless another call already did, possibly in the same group.
func (s *Service) settle(ctx context.Context, game uuid.UUID, number uint64, decision play.Decision) (*play.Round, error) {
	var round *play.Round
	err := s.committer.do(&command{ctx: ctx, actor: game, key: play.Key{Game: game, All: true}, run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (_ *play.Turn, err error) {
		if round = turn.SettledRound(number); round != nil {
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

// rollResponse returns the outcome of a settled round for a player.
func (s *Service) rollResponse(ctx context.Context, player uuid.UUID, round *play.Round) (*gamev1.RollDiceResponse, error) {
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

// balance returns the balance of a player's wallet, and opens the wallet if the player has none yet.
func (s *Service) balance(ctx context.Context, player uuid.UUID) (int64, error) {
	account := ledger.Wallet(player)
	balance, open, err := s.store.Balance(ctx, account)
	if err != nil || open {
		return balance, err
	}
	err = s.committer.do(&command{ctx: ctx, actor: player, key: play.Key{Player: player},
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
