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
type checked struct {
	mu   sync.Mutex
	good map[protocol.Hash]struct{}
	of   protocol.Hash // The qualified deals that made is the outcome of.
	made *threshold.Public
}

func newChecked() *checked { return &checked{good: map[protocol.Hash]struct{}{}} }

// outcome returns what was made of some qualified deals before, or makes it.
func (c *checked) outcome(of protocol.Hash, make func() (*threshold.Public, error)) (*threshold.Public, error) {
	if c == nil {
		return make()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made != nil && c.of == of {
		return c.made, nil
	}
	made, err := make()
	if err == nil {
		c.of, c.made = of, made
	}
	return made, err
}

// maxChecked bounds what is remembered: honest validators say two things each.
const maxChecked = 4 * protocol.MaxMembers

// once checks a message unless it was found good before.
func (c *checked) once(message []byte, check func() error) error {
	if c == nil {
		return check()
	}
	hash := sha256.Sum256(message)
	c.mu.Lock()
	_, good := c.good[hash]
	c.mu.Unlock()
	if good {
		return nil
	}
	if err := check(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.good) < maxChecked {
		c.good[hash] = struct{}{}
	}
	return nil
}
