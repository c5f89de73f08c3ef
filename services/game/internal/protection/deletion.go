package protection

import (
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// Deleted returns the state that is kept of a deleted player, so that an old token can't be used: gateways learn of its
// revocation later.
func Deleted() *State { return &State{Deleted: true} }

// CheckNotDeleted fails if the player was deleted. It reports SESSION_ENDED, as the gateway will once it learns of the deletion.
func (s *State) CheckNotDeleted() error {
	if s == nil || !s.Deleted {
		return nil
	}
	return errs.New(errorsv1.Reason_REASON_SESSION_ENDED, "the player was deleted; sign in as another one")
}
