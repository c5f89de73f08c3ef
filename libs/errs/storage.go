package errs

import (
	"fmt"
	"time"

	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

const (
	// fullDelay is when callers are told to come back: room is made by people, or by whatever cleans up for them.
	fullDelay = 5 * time.Second
	// databaseDelay is when they are told to where the database may answer at any time.
	databaseDelay = time.Second
)

// StorageFull is what callers see of a database that found no room on its disk. The log alone says which database it is.
// Nothing is promised but that the change was made as a whole or not at all: a commit can run out of room past the point
// from which a restart finds it.
func StorageFull(database string, cause error) *Error {
	return New(errorsv1.Reason_REASON_STORAGE_FULL, "the storage is full; try again later with the same request id").
		WithCause(fmt.Errorf("%s: %w", database, cause)).RetryAfter(fullDelay)
}

// DatabaseUnavailable is what callers see of a database that did not answer, where it is known to have changed nothing.
func DatabaseUnavailable(cause error) *Error {
	return New(errorsv1.Reason_REASON_UNAVAILABLE, "the database cannot answer now; nothing was changed, try again").
		WithCause(cause).RetryAfter(databaseDelay)
}

// OutcomeUnknown is what callers see of a commit without an answer: it may have been made.
func OutcomeUnknown(cause error) *Error {
	return New(errorsv1.Reason_REASON_UNAVAILABLE,
		"the database failed before it answered; make the call again with the same request id to learn what came of it").
		WithCause(cause).RetryAfter(databaseDelay)
}
