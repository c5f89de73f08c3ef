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

// protectionServer implements the contract of what players set against harm.
type protectionServer struct {
	gamev1.UnimplementedProtectionServiceServer
	*Service
}

func (p Protection) rules() protection.Rules {
	return protection.Rules{IncreaseDelay: p.IncreaseDelay, SessionIdle: p.SessionIdle}
}

// protect changes what the caller has set. It has a transaction of its own: who sets a first limit begins with what lies
// on tables, and a group may hold bets that are not saved yet.
func (s *Service) protect(ctx context.Context, change func(*protection.State, *play.Turn) error) (*gamev1.Protection, error) {
	player := identity.FromContext(ctx).Player
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout) // Who gives up holds up nobody.
	defer cancel()
	var out *gamev1.Protection
	err := s.store.Update(ctx, func(tx play.Tx) error {
		turns, err := tx.Load(ctx, play.Key{Player: player})
		if err != nil {
			return err
		}
		turn := s.ready(turns[0])
		turn.OpenWallet(player)
		state, err := s.stateOf(ctx, tx, turn, player)
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

// stateOf is what a player has set, and for one who has set nothing the beginning of it.
func (s *Service) stateOf(ctx context.Context, tx play.Tx, turn *play.Turn, player uuid.UUID) (*protection.State, error) {
	if state := turn.Protections[player]; state != nil {
		return state, state.Present()
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
	turn := s.ready(&play.Turn{})
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
	return s.protect(ctx, func(state *protection.State, turn *play.Turn) error {
		return state.SetLimit(protection.Kind(kind), calendar.Period(period), amount, turn.Now, turn.Rules.Protection)
	})
}

// Exclude implements the contract.
func (s *protectionServer) Exclude(ctx context.Context, req *gamev1.ExcludeRequest) (*gamev1.ExcludeResponse, error) {
	out, err := s.protect(ctx, func(state *protection.State, turn *play.Turn) error {
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
	out, err := s.protect(ctx, func(state *protection.State, turn *play.Turn) error {
		state.Acknowledge(turn.Now)
		return nil
	})
	return &gamev1.AcknowledgeRealityCheckResponse{Protection: out}, err
}
