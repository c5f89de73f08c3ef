package dkg

import (
	"crypto/sha256"
	"sync"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// checked remembers which messages of one session were found good, and what they came to. Every message reaches a
// validator from all others, and again in the proposal and in the block; among many validators, to check a deal takes
// milliseconds, and to sum all up a tenth of a second. What it remembers depends on the session and the messages alone, so
// it changes no outcome. The zero pointer remembers nothing.
type messageCache struct {
	mu        sync.Mutex
	verified  map[protocol.Hash]struct{}
	outcomeOf protocol.Hash // The qualified deals that made is the outcome of.
	public    *threshold.Public
}

func newMessageCache() *messageCache { return &messageCache{verified: map[protocol.Hash]struct{}{}} }

// outcome returns what was made of some qualified deals before, or makes it.
func (c *messageCache) outcome(of protocol.Hash, make func() (*threshold.Public, error)) (*threshold.Public, error) {
	if c == nil {
		return make()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.public != nil && c.outcomeOf == of {
		return c.public, nil
	}
	made, err := make()
	if err == nil {
		c.outcomeOf, c.public = of, made
	}
	return made, err
}

// maxChecked bounds what is remembered: honest validators say two things each.
const maxCachedMessages = 4 * protocol.MaxMembers

// once checks a message unless it was found good before.
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
