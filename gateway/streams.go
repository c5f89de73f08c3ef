package gateway

import (
	"sync"
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// streamRetry is when a client with too many streams may look again: it has to close one first.
const streamRetry = 10 * time.Second

// streams bound how many event streams, WebSockets and subscriptions of those an address has open. They go on for as long as
// their games do, so rates do not bound them.
type streams struct {
	max int // 0 for any number.

	mu   sync.Mutex
	open map[string]int
}

func newStreams(limit int) *streams { return &streams{max: limit, open: make(map[string]int)} }

// enter counts a stream of an address until leave is called.
func (s *streams) enter(address string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.max > 0 && s.open[address] >= s.max {
		return nil, errs.New(errorsv1.Reason_REASON_RATE_LIMITED, "%d event streams, WebSockets and subscriptions of your address are open already; close one first", s.max).
			WithMetadata("streams", s.max).RetryAfter(streamRetry)
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
