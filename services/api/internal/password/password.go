// Package password hashes passwords with argon2id, and bounds how many at a time, since each hash takes much memory on purpose.
package password

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The parameters that OWASP's password storage cheat sheet recommends. Each hash states its own, so they can be raised.
const (
	memoryKiB = 19 * 1024
	passes    = 2
	lanes     = 1
	keySize   = 32
	// SaltSize is the size of a hash's salt.
	SaltSize = 16
)

const (
	// slots is how many passwords are hashed at a time, which takes 76 MiB.
	slots = 4
	// maxWaiting is how many may wait for a slot; the last waits for some seconds.
	maxWaiting = 64
	// maxMemoryKiB bounds the memory that a stored hash can demand.
	maxMemoryKiB = 256 * 1024
)

// ErrBusy is for a password when the slots and the queue are full.
var ErrBusy = errors.New("password: too many at once")

// Hasher hashes and checks passwords.
type Hasher struct {
	slots     chan struct{}
	queue     chan struct{}
	dummyHash string
}

// New returns a Hasher. The salt is that of the dummy hash that is checked if there is no hash.
func New(salt [SaltSize]byte) *Hasher {
	h := &Hasher{slots: make(chan struct{}, slots), queue: make(chan struct{}, slots+maxWaiting)}
	h.dummyHash = encode(salt[:], make([]byte, keySize))
	return h
}

// Hash returns a password's hash in the PHC format.
func (h *Hasher) Hash(ctx context.Context, password string, salt [SaltSize]byte) (hash string, err error) {
	err = h.withSlot(ctx, func() {
		hash = encode(salt[:], argon2.IDKey([]byte(password), salt[:], passes, memoryKiB, lanes, keySize))
	})
	return hash, err
}

// Check reports whether a password matches the hash. An empty hash matches none, after the same work.
func (h *Hasher) Check(ctx context.Context, password, hash string) (ok bool, err error) {
	noHash := hash == ""
	if noHash {
		hash = h.dummyHash
	}
	var memory, passes uint32
	var lanes uint8
	var rest string
	if _, err := fmt.Sscanf(hash, "$argon2id$v=19$m=%d,t=%d,p=%d$%s", &memory, &passes, &lanes, &rest); err != nil || memory > maxMemoryKiB || passes < 1 || lanes < 1 {
		return false, errors.New("password: a stored hash is damaged")
	}
	saltText, keyText, _ := strings.Cut(rest, "$")
	salt, saltErr := base64.RawStdEncoding.DecodeString(saltText)
	key, keyErr := base64.RawStdEncoding.DecodeString(keyText)
	if err := errors.Join(saltErr, keyErr); err != nil || len(key) != keySize {
		return false, errors.New("password: a stored hash is damaged")
	}
	err = h.withSlot(ctx, func() {
		ok = subtle.ConstantTimeCompare(key, argon2.IDKey([]byte(password), salt, passes, memory, lanes, keySize)) == 1
	})
	return ok && !noHash, err
}

func encode(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memoryKiB, passes, lanes, base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// withSlot does the work once a slot is free.
func (h *Hasher) withSlot(ctx context.Context, work func()) error {
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	work()
	return nil
}
