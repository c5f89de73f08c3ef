package dkg

import (
	"crypto/sha256"
	"sync"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// messageCache remembers which messages of one session were verified, and the outcome. Every message reaches a validator from all
// others, and again in the proposal and in the block; with many validators, verifying a deal takes milliseconds, and computing the
// outcome a tenth of a second. The cached results depend only on the session and the messages, so the cache changes no outcome. A nil
// cache remembers nothing.
type messageCache struct {
	mu        sync.Mutex
	verified  map[protocol.Hash]struct{}
	outcomeOf protocol.Hash // The hash of the qualified deals of which public is the outcome.
	public    *threshold.Public
}

func newMessageCache() *messageCache { return &messageCache{verified: map[protocol.Hash]struct{}{}} }

// outcome returns the cached outcome of some qualified deals, or computes it.
func (c *messageCache) outcome(of protocol.Hash, compute func() (*threshold.Public, error)) (*threshold.Public, error) {
	if c == nil {
		return compute()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.public != nil && c.outcomeOf == of {
		return c.public, nil
	}
	public, err := compute()
	if err == nil {
		c.outcomeOf, c.public = of, public
	}
	return public, err
}

// maxCachedMessages bounds the remembered messages: honest validators send two each.
const maxCachedMessages = 4 * protocol.MaxMembers

// verify checks a message unless it was verified before.
func (c *messageCache) verify(message []byte, check func() error) error {
	if c == nil {
		return check()
	}
	hash := sha256.Sum256(message)
	c.mu.Lock()
	_, good := c.verified[hash]
	c.mu.Unlock()
	if good {
		return nil
	}
	if err := check(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.verified) < maxCachedMessages {
		c.verified[hash] = struct{}{}
	}
	return nil
}
