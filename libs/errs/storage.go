package errs

import (
	"fmt"
	"time"

	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// fullDelay is when callers are told to come back: room is made by people, or by whatever cleans up for them.
const fullDelay = 5 * time.Second

// StorageFull is what callers see of a database that found no room on its disk. The log alone says which database it is.
// Nothing is promised but that the change was made as a whole or not at all: a commit can run out of room behind the point
// where a restart finds it.
func StorageFull(database string, cause error) *Error {
	return New(errorsv1.Reason_REASON_STORAGE_FULL, "the storage is full; try again later with the same request id").
		Because(fmt.Errorf("%s: %w", database, cause)).RetryAfter(fullDelay)
}
