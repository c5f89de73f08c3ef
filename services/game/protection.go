package game

import (
	"context"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// protectionServer implements ProtectionService: limits, exclusions and reality checks that players set for themselves.
type protectionServer struct {
	gamev1.UnimplementedProtectionServiceServer
	*Service
}

func (p Protection) rules() protection.Rules {
	return protection.Rules{IncreaseDelay: p.IncreaseDelay, SessionIdle: p.SessionIdle}
}

// changeProtection changes the caller's limits. It has a transaction of its own, because a player's first limit starts from the stakes
// that are in play, and a group may hold bets that are not saved yet.
func (s *Service) changeProtection(ctx context.Context, change func(*protection.State, *play.Turn) error) (*gamev1.Protection, error) {
	player := identity.FromContext(ctx).Player
	// If the caller gives up, the change still completes, within a timeout of its own, so that it delays nobody.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	var out *gamev1.Protection
	err := s.store.Update(ctx, func(tx play.Tx) error {
		turns, err := tx.Load(ctx, play.Key{Player: player})
		if err != nil {
			return err
		}
		turn := s.prepare(turns[0])
		turn.OpenWallet(player)
		state, err := s.protectionOf(ctx, tx, turn, player)
		if err != nil {
			return err
		}
		if err := change(state, turn); err != nil {
			return err
		}
		out = protectionToProto(state.At(turn.Now), turn)
		return tx.Save(ctx, turn)
	})
	return out, err
}

// protectionOf returns a player's protection state, a new one if the player has not set anything yet.
func (s *Service) protectionOf(ctx context.Context, tx play.Tx, turn *play.Turn, player uuid.UUID) (*protection.State, error) {
	if state := turn.Protections[player]; state != nil {
		return state, state.CheckNotDeleted()
	}
	inPlay, err := tx.InPlay(ctx, player)
	turn.Protections[player] = protection.New(inPlay, turn.Now)
	return turn.Protections[player], err
}

// GetLimits implements the contract.
func (s *protectionServer) GetLimits(ctx context.Context, _ *gamev1.GetLimitsRequest) (*gamev1.GetLimitsResponse, error) {
	state, err := s.store.Protection(ctx, identity.FromContext(ctx).Player)
	if err != nil || state == nil {
		return &gamev1.GetLimitsResponse{Protection: &gamev1.Protection{}}, err
	}
	turn := s.prepare(&play.Turn{})
	return &gamev1.GetLimitsResponse{Protection: protectionToProto(state.At(turn.Now), turn)}, nil
}

// SetLimit implements the contract.
func (s *protectionServer) SetLimit(ctx context.Context, req *gamev1.SetLimitRequest) (*gamev1.SetLimitResponse, error) {
	out, err := s.setLimit(ctx, req.GetKind(), req.GetPeriod(), req.GetAmount())
	return &gamev1.SetLimitResponse{Protection: out}, err
}

// RemoveLimit implements the contract.
func (s *protectionServer) RemoveLimit(ctx context.Context, req *gamev1.RemoveLimitRequest) (*gamev1.RemoveLimitResponse, error) {
	out, err := s.setLimit(ctx, req.GetKind(), req.GetPeriod(), protection.Unlimited)
	return &gamev1.RemoveLimitResponse{Protection: out}, err
}

func (s *Service) setLimit(ctx context.Context, kind, period string, amount int64) (*gamev1.Protection, error) {
	return s.changeProtection(ctx, func(state *protection.State, turn *play.Turn) error {
		return state.SetLimit(protection.Kind(kind), calendar.Period(period), amount, turn.Now, turn.Rules.Protection)
	})
}

// Exclude implements the contract.
func (s *protectionServer) Exclude(ctx context.Context, req *gamev1.ExcludeRequest) (*gamev1.ExcludeResponse, error) {
	out, err := s.changeProtection(ctx, func(state *protection.State, turn *play.Turn) error {
		return state.Exclude(req.GetKind(), int(req.GetDays()), turn.Now)
	})
	if err == nil {
		telemetry.Audit(s.logger).InfoContext(ctx, "a player is excluded", "player_id", identity.FromContext(ctx).Player, "kind", req.GetKind(), "days", req.GetDays())
	}
	return &gamev1.ExcludeResponse{Protection: out}, err
}

// SetRealityCheck implements the contract.
func (s *protectionServer) SetRealityCheck(ctx context.Context, req *gamev1.SetRealityCheckRequest) (*gamev1.SetRealityCheckResponse, error) {
	every := req.GetMinutes()
	if every == 0 {
		every = protection.Unlimited
	}
	out, err := s.setLimit(ctx, string(protection.RealityCheck), "", every)
	return &gamev1.SetRealityCheckResponse{Protection: out}, err
}

// AcknowledgeRealityCheck implements the contract.
func (s *protectionServer) AcknowledgeRealityCheck(ctx context.Context, _ *gamev1.AcknowledgeRealityCheckRequest) (*gamev1.AcknowledgeRealityCheckResponse, error) {
	out, err := s.changeProtection(ctx, func(state *protection.State, turn *play.Turn) error {
		state.Acknowledge(turn.Now)
		return nil
	})
	return &gamev1.AcknowledgeRealityCheckResponse{Protection: out}, err
}
