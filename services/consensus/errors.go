package consensus

import (
	"errors"
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// retryDelay is after how long a caller should retry what the validators could not decide.
const retryDelay = time.Second

// chainError returns the error that callers get if the chain does not accept what they submit, a round or a change; nil if the chain has
// another reason.
func chainError(err error, what string) error {
	switch {
	case errors.Is(err, chain.ErrNoQuorum):
		return errs.New(errorsv1.Reason_REASON_NO_QUORUM,
			"too few validators are connected to decide anything; %s can be requested again", what).RetryAfter(retryDelay)
	case errors.Is(err, chain.ErrNotMember):
		return errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "this node is not one of the validators; ask another one").RetryAfter(retryDelay)
	case errors.Is(err, chain.ErrNoKey):
		return errs.New(errorsv1.Reason_REASON_UNAVAILABLE,
			"the validators are still generating the key that throws the dice; %s can be requested again", what).RetryAfter(retryDelay)
	case errors.Is(err, chain.ErrFull):
		return errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "too many rounds wait for a block").RetryAfter(retryDelay)
	}
	return nil
}

// missingBeaconError returns the error that callers get from a validator that can't recover a beacon.
func missingBeaconError(err error) error {
	return errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "the validator misses the beacon of an earlier round; ask another one").
		WithCause(err).RetryAfter(retryDelay)
}
