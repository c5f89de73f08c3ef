package gateway

import (
	"sync"
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// streamRetryDelay is the suggested delay for a client with too many streams, which has to close one first.
const streamRetryDelay = 10 * time.Second

// streamLimiter bounds how many event streams, WebSockets and subscriptions on WebSockets an address has open. They last as long as
// their games, so rates do not bound them.
type streamLimiter struct {
	max int // 0 means unlimited.

	mu   sync.Mutex
	open map[string]int
}

func newStreamLimiter(limit int) *streamLimiter {
	return &streamLimiter{max: limit, open: make(map[string]int)}
}

// acquire counts a stream of an address until release is called.
func (s *streamLimiter) acquire(address string) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.max > 0 && s.open[address] >= s.max {
		return nil, errs.New(errorsv1.Reason_REASON_RATE_LIMITED, "%d event streams, WebSockets and subscriptions from your address are already open; close one first", s.max).
			WithMetadata("streams", s.max).RetryAfter(streamRetryDelay)
	}
	s.open[address]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open[address]--; s.open[address] == 0 {
			delete(s.open, address)
		}
	}, nil
}
