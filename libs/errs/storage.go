package errs

import (
	"fmt"
	"time"

	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

const (
	// fullDelay is the retry delay when the disk is full: space is freed by people, or by an automatic cleanup.
	fullDelay = 5 * time.Second
	// databaseDelay is the retry delay when the database may answer again at any time.
	databaseDelay = time.Second
)

// StorageFull is shown to callers when a database's disk is full. Only the log names the database. The change was made as a whole or
// not at all, and more is not known: a commit can run out of space after the point from which recovery after a restart replays it.
func StorageFull(database string, cause error) *Error {
	return New(errorsv1.Reason_REASON_STORAGE_FULL, "the storage is full; try again later with the same request id").
		WithCause(fmt.Errorf("%s: %w", database, cause)).RetryAfter(fullDelay)
}

// DatabaseUnavailable is shown to callers when the database did not answer and is known to have changed nothing.
func DatabaseUnavailable(cause error) *Error {
	return New(errorsv1.Reason_REASON_UNAVAILABLE, "the database cannot answer now; nothing was changed, try again").
		WithCause(cause).RetryAfter(databaseDelay)
}

// OutcomeUnknown is shown to callers when a commit got no answer: it may have been made.
func OutcomeUnknown(cause error) *Error {
	return New(errorsv1.Reason_REASON_UNAVAILABLE,
		"the database failed before it answered; make the call again with the same request id to learn what came of it").
		WithCause(cause).RetryAfter(databaseDelay)
}
