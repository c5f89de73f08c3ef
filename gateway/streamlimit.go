package gateway

import (
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// streamRetryDelay is the suggested delay for a client with too many streams, which has to close one first.
const streamRetryDelay = 10 * time.Second

// streamLimiter bounds how many event streams, WebSockets and subscriptions on WebSockets an address has open. They last as long as
// their games, so rates do not bound them.
type streamLimiter struct{ *addressCounter }

func newStreamLimiter(limit int) *streamLimiter { return &streamLimiter{newAddressCounter(limit)} }

// acquire counts a stream of an address until release is called.
func (s *streamLimiter) acquire(address string) (release func(), err error) {
	release, ok := s.addressCounter.acquire(address)
	if !ok {
		return nil, errs.New(errorsv1.Reason_REASON_RATE_LIMITED, "%d event streams, WebSockets and subscriptions from your address are already open; close one first", s.max).
			WithMetadata("streams", s.max).RetryAfter(streamRetryDelay)
	}
	return release, nil
}
