package game

import (
	"context"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/page"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// PlaceBet implements the contract.
func (s *gameServer) PlaceBet(ctx context.Context, req *gamev1.PlaceBetRequest) (_ *gamev1.PlaceBetResponse, err error) {
	id, err := parseID("game_id", req.GetGameId())
	if err != nil {
		return nil, err
	}
	player := identity.FromContext(ctx).Player
	setBetAttributes(ctx, id, player, attribute.Int64("bet.amount", req.GetAmount()), attribute.String("bet.type", req.GetBetType()))
	attempt := s.startBetLog(ctx, id, player, req.GetAmount())
	defer func() { attempt.end(err) }()
	resp := &gamev1.PlaceBetResponse{}
	key := play.Key{Game: id, Player: player, Wager: craps.ByName(req.GetBetType())}
	return resp, s.committer.do(&command{ctx: ctx, actor: player, key: key, req: req, resp: resp,
		run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (*play.Turn, error) {
			if err := checkAdmitted(ctx, tx, turn, player); err != nil {
				return nil, err
			}
			bet, err := turn.PlaceBet(play.NewBet{Player: player, Wager: req.GetBetType(), Amount: req.GetAmount(),
				Number: uint8(req.GetNumber()), Working: req.GetWorking(), Seed: req.GetClientSeed()})
			if err != nil {
				return nil, err
			}
			resp.Bet, resp.Balance = betToProto(bet), turn.Wallets[player]
			return turn, nil
		}})
}

// PlaceBets implements the contract.
func (s *gameServer) PlaceBets(ctx context.Context, req *gamev1.PlaceBetsRequest) (*gamev1.PlaceBetsResponse, error) {
	id, err := parseID("game_id", req.GetGameId())
	if err != nil {
		return nil, err
	}
	player := identity.FromContext(ctx).Player
	setBetAttributes(ctx, id, player, attribute.Int("bet.count", len(req.GetBets())))
	bets, refused := make([]betLog, len(req.GetBets())), make([]error, len(req.GetBets()))
	for i, want := range req.GetBets() {
		bets[i] = s.startBetLog(ctx, id, player, want.GetAmount())
	}
	resp := &gamev1.PlaceBetsResponse{}
	cmd := &command{ctx: ctx, actor: player, key: play.Key{Game: id, Player: player}, req: req, resp: resp,
		run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (*play.Turn, error) {
			if err := checkAdmitted(ctx, tx, turn, player); err != nil {
				return nil, err
			}
			resp.Results = nil
			for i, want := range req.GetBets() {
				var bet *play.Bet
				bet, refused[i] = turn.PlaceBet(play.NewBet{Player: player, Wager: want.GetBetType(), Amount: want.GetAmount(),
					Number: uint8(want.GetNumber()), Working: want.GetWorking(), Seed: want.GetClientSeed()})
				resp.Results = append(resp.Results, resultToProto(bet, refused[i]))
			}
			turn.OpenWallet(player) // If all bets were refused, none of them may have opened it.
			resp.Balance = turn.Wallets[player]
			return turn, nil
		}}
	err = s.committer.do(cmd)
	for i, bet := range bets {
		outcome := err
		if err == nil && !cmd.repeated {
			outcome = refused[i]
		}
		bet.end(outcome)
	}
	return resp, err
}

func resultToProto(bet *play.Bet, err error) *gamev1.PlaceBetResult {
	if err != nil {
		return &gamev1.PlaceBetResult{Outcome: &gamev1.PlaceBetResult_Error{Error: &gamev1.BetError{
			Code: int32(errs.Code(errs.Reason(err))), Reason: errs.Name(errs.Reason(err)), Message: err.Error()}}}
	}
	return &gamev1.PlaceBetResult{Outcome: &gamev1.PlaceBetResult_Bet{Bet: betToProto(bet)}}
}

// ListBets implements the contract.
func (s *gameServer) ListBets(ctx context.Context, req *gamev1.ListBetsRequest) (*gamev1.ListBetsResponse, error) {
	game, err := s.game(ctx, req.GetGameId())
	if err != nil {
		return nil, err
	}
	p, err := page.New(req.GetPageSize(), req.GetPageToken(), "bets", game.ID.String(), req.GetStatus().String())
	if err != nil {
		return nil, err
	}
	after, err := p.ID()
	if err != nil {
		return nil, err
	}
	bets, err := s.store.Bets(ctx, game.ID, identity.FromContext(ctx).Player, req.GetStatus(), after, p.Size+1)
	if err != nil {
		return nil, err
	}
	resp := &gamev1.ListBetsResponse{}
	bets, resp.NextPageToken = page.Cut(p, bets, func(b *play.Bet) string { return b.ID.String() })
	for _, bet := range bets {
		resp.Bets = append(resp.Bets, betToProto(bet))
	}
	return resp, nil
}

// UpdateBet implements the contract.
func (s *gameServer) UpdateBet(ctx context.Context, req *gamev1.UpdateBetRequest) (*gamev1.UpdateBetResponse, error) {
	bet, balance, err := s.changeBet(ctx, req.GetGameId(), req.GetBetId(), func(turn *play.Turn, bet *play.Bet) error {
		return turn.UpdateBet(bet, play.BetChange{Amount: req.Amount, Working: req.Working})
	})
	if err != nil {
		return nil, err
	}
	return &gamev1.UpdateBetResponse{Bet: bet, Balance: balance}, nil
}

// RemoveBet implements the contract.
func (s *gameServer) RemoveBet(ctx context.Context, req *gamev1.RemoveBetRequest) (*gamev1.RemoveBetResponse, error) {
	bet, balance, err := s.changeBet(ctx, req.GetGameId(), req.GetBetId(), (*play.Turn).RemoveBet)
	if err != nil {
		return nil, err
	}
	return &gamev1.RemoveBetResponse{Bet: bet, Balance: balance}, nil
}

// changeBet changes one of the caller's bets. It returns the changed bet and the wallet's balance after the change.
func (s *Service) changeBet(ctx context.Context, gameID, betID string, change func(*play.Turn, *play.Bet) error) (*gamev1.Bet, int64, error) {
	id, err := parseID("game_id", gameID)
	if err != nil {
		return nil, 0, err
	}
	ownID, err := parseID("bet_id", betID)
	if err != nil {
		return nil, 0, err
	}
	player := identity.FromContext(ctx).Player
	var changed *gamev1.Bet
	balance := int64(0)
	err = s.committer.do(&command{ctx: ctx, actor: player, key: play.Key{Game: id, Player: player},
		run: func(ctx context.Context, tx play.Tx, turn *play.Turn) (*play.Turn, error) {
			if err := checkAdmitted(ctx, tx, turn, player); err != nil {
				return nil, err
			}
			bet, err := s.ownBet(ctx, tx, turn, player, ownID)
			if err != nil {
				return nil, err
			}
			if err := change(turn, bet); err != nil {
				return nil, err
			}
			changed, balance = betToProto(bet), turn.Wallets[player]
			return turn, nil
		}})
	if err != nil {
		return nil, 0, err
	}
	return changed, balance, nil
}

// ownBet finds a bet of the player in the turn's game. Another player's bet is reported as not found.
func (s *Service) ownBet(ctx context.Context, tx play.Tx, turn *play.Turn, player, id uuid.UUID) (*play.Bet, error) {
	for _, bet := range turn.Bets { // Includes other players' bets if a command of the group loads all of them.
		if bet.ID == id && bet.Player == player {
			return bet, nil
		}
	}
	notFound := errs.New(errorsv1.Reason_REASON_BET_NOT_FOUND, "you have no bet with the id %s at this game", id)
	bet, err := tx.Bet(ctx, id)
	if err != nil {
		return nil, orNotFound(err, notFound)
	}
	if bet.Player != player || bet.Game != turn.Game.ID {
		return nil, notFound
	}
	return bet, nil
}
