package game

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// protectionToProto converts a state as of the turn's time.
func protectionToProto(state *protection.State, turn *play.Turn) *gamev1.Protection {
	out := &gamev1.Protection{}
	for _, l := range state.Limits {
		next, at := pendingChange(l)
		if l.Kind == protection.RealityCheck {
			out.RealityCheck = &gamev1.RealityCheckInterval{Minutes: l.Amount, NextMinutes: next, NextAt: at}
			continue
		}
		out.Limits = append(out.Limits, &gamev1.Limit{Kind: string(l.Kind), Period: string(l.Period), Amount: l.Amount,
			Used: state.Window(l.Period).Used(l.Kind), ResetsAt: timestamppb.New(l.Period.End(turn.Now)), Next: next, NextAt: at})
	}
	if state.MayPlay(turn.Now) != nil {
		out.Exclusion = &gamev1.Exclusion{Kind: state.Exclusion.Kind}
		if !state.Exclusion.Permanent() {
			out.Exclusion.Until = timestamppb.New(state.Exclusion.Until)
		}
	}
	if session := state.Session; state.Playing(turn.Now, turn.Rules.Protection) {
		out.Session = &gamev1.PlaySession{StartedAt: timestamppb.New(session.StartedAt), Minutes: int64(turn.Now.Sub(session.StartedAt) / time.Minute),
			Staked: session.Staked, Net: session.Net, CheckDue: state.CheckDue(turn.Now, turn.Rules.Protection)}
	}
	return out
}

// pendingChange returns a limit's next amount and when it takes effect: neither if no change is pending, only the time if the limit
// ends.
func pendingChange(l protection.Limit) (*int64, *timestamppb.Timestamp) {
	if l.NextAt.IsZero() {
		return nil, nil
	}
	if l.Next == protection.Unlimited {
		return nil, timestamppb.New(l.NextAt)
	}
	return &l.Next, timestamppb.New(l.NextAt)
}
