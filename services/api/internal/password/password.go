// Package password hashes passwords with argon2id, at most so many at a time: each takes much memory on purpose.
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

// What OWASP's password storage cheat sheet recommends. A hash states its own, so they can be raised.
const (
	memoryKiB = 19 * 1024
	passes    = 2
	lanes     = 1
	keySize   = 32
	// SaltSize is that of a hash's salt.
	SaltSize = 16
)

const (
	// slots is how many passwords are hashed at a time: 76 MiB.
	slots = 4
	// waiting is how many wait for a slot; it takes some seconds until the last has one.
	waiting = 64
	// maxMemoryKiB bounds what a stored hash can ask for.
	maxMemoryKiB = 256 * 1024
)

// ErrBusy is for a password beyond those that are hashed and wait.
var ErrBusy = errors.New("password: too many at once")

// Hasher hashes and checks passwords.
type Hasher struct {
	slots chan struct{}
	line  chan struct{}
	decoy string
}

// New returns a Hasher. The salt is for the hash that is checked where there is none.
func New(salt [SaltSize]byte) *Hasher {
	h := &Hasher{slots: make(chan struct{}, slots), line: make(chan struct{}, slots+waiting)}
	h.decoy = encode(salt[:], make([]byte, keySize))
	return h
}

// Hash returns a password's hash in the PHC format.
func (h *Hasher) Hash(ctx context.Context, password string, salt [SaltSize]byte) (hash string, err error) {
	err = h.within(ctx, func() {
		hash = encode(salt[:], argon2.IDKey([]byte(password), salt[:], passes, memoryKiB, lanes, keySize))
	})
	return hash, err
}

// Check reports whether a password has the hash. An empty hash is nobody's, and takes as long to say so.
func (h *Hasher) Check(ctx context.Context, password, hash string) (ok bool, err error) {
	nobody := hash == ""
	if nobody {
		hash = h.decoy
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
	err = h.within(ctx, func() {
		ok = subtle.ConstantTimeCompare(key, argon2.IDKey([]byte(password), salt, passes, memory, lanes, keySize)) == 1
	})
	return ok && !nobody, err
}

func encode(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memoryKiB, passes, lanes, base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// within does the work once there is a slot for it.
func (h *Hasher) within(ctx context.Context, work func()) error {
	select {
	case h.line <- struct{}{}:
		defer func() { <-h.line }()
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
