package gateway

import "sync"

// addressCounter bounds how many of something each address has open.
type addressCounter struct {
	max int // 0 means unlimited.

	mu   sync.Mutex
	open map[string]int
}

func newAddressCounter(limit int) *addressCounter {
	return &addressCounter{max: limit, open: make(map[string]int)}
}

// acquire counts one of an address until release is called, unless the address has as many as it may.
func (c *addressCounter) acquire(address string) (release func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.max > 0 && c.open[address] >= c.max {
		return nil, false
	}
	c.open[address]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.open[address]--; c.open[address] == 0 {
			delete(c.open, address)
		}
	}, true
}
