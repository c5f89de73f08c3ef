package protection

import (
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// Deleted is what is kept of a deleted player, so that a token from before can't be used: gateways hear of its end later.
func Deleted() *State { return &State{Deleted: true} }

// CheckNotDeleted fails where the player was deleted. What a session's end says is true then, and what the gateway will say in a moment.
func (s *State) CheckNotDeleted() error {
	if s == nil || !s.Deleted {
		return nil
	}
	return errs.New(errorsv1.Reason_REASON_SESSION_ENDED, "the player was deleted; sign in as another one")
}
