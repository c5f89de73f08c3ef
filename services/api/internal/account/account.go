// Package account provides accounts of players, who sign in with an e-mail address and a password, and the codes that prove that an
// address is theirs.
package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
)

var (
	// ErrNotFound is for an account or a code that does not exist.
	ErrNotFound = errors.New("account: not found")
	// ErrCode is for a code that is wrong, has expired, or was tried too often.
	ErrCode = errors.New("account: the code is not valid")
)

const (
	// CodeLife is how long a code is valid.
	CodeLife = 15 * time.Minute
	// maxAttempts is how often a code may be tried, by its owner or by anybody who knows the address. With codes of 40 bits and the
	// mails that one address gets, guessing takes a billion hours; a stranger's attempts should not soon use up the owner's.
	maxAttempts = 100
	codeLength  = 8
)

// Account is how a player signs in.
type Account struct {
	Player   uuid.UUID
	Email    string
	Password string // The hash.
	Created  time.Time
}

// Normalize returns the form in which addresses are compared. The part before the @ may be case-sensitive, but in practice never is.
func Normalize(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// alphabet has no characters that are easily confused. Its length divides 256, so that all are equally likely.
const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// NewCode makes a code from random bytes: eight characters, 40 bits.
func NewCode(random [codeLength]byte) string {
	letters := make([]byte, codeLength)
	for i, b := range random {
		letters[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(letters[:4]) + "-" + string(letters[4:])
}

// HashCode returns the hash that is stored of a code. A code may be typed without its dash, and in lower case.
func HashCode(code string) [sha256.Size]byte {
	return sha256.Sum256([]byte(strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))))
}

// Code is a code that was sent, and what it is for.
type Code struct {
	// Subject is who may use the code, and for what: LinkSubject or ResetSubject.
	Subject string
	// Player is the player whose account it concerns; uuid.Nil if there is none, and the code is never valid.
	Player   uuid.UUID
	Email    string
	Password string // The hash of the password that the account will get.
	Hash     [sha256.Size]byte
	Attempts int
	Expires  time.Time
}

// LinkSubject is the subject of codes for a player who links an address.
func LinkSubject(player uuid.UUID) string { return "link:" + player.String() }

// ResetSubject is the subject of codes that reset the password of an address.
func ResetSubject(email string) string { return "reset:" + Normalize(email) }

// Try counts an attempt, and fails if the text is not the code, or the code is not the owner's or no longer valid.
func (c *Code) Try(text string, owner uuid.UUID, now time.Time) error {
	hash := HashCode(text)
	c.Attempts++
	if c.Attempts > maxAttempts || now.After(c.Expires) || subtle.ConstantTimeCompare(hash[:], c.Hash[:]) == 0 || c.Player == uuid.Nil || c.Player != owner {
		return ErrCode
	}
	return nil
}

// Tx is what a transaction can do with accounts and codes. Every implementation passes the suite in internal/store/storetest.
type Tx interface {
	// AddAccount stores a new account; added is false if the player or the address already has one.
	AddAccount(ctx context.Context, account Account) (added bool, err error)
	// Account returns a player's account, or ErrNotFound.
	Account(ctx context.Context, player uuid.UUID) (Account, error)
	// AccountByEmail returns the account of a normalized address, or ErrNotFound.
	AccountByEmail(ctx context.Context, email string) (Account, error)
	// SavePassword stores the hash of a player's new password.
	SavePassword(ctx context.Context, player uuid.UUID, hash string) error
	// RemoveAccount deletes a player's account and codes.
	RemoveAccount(ctx context.Context, player uuid.UUID) error
	// SaveCode stores a code, replacing any older one of its subject.
	SaveCode(ctx context.Context, code Code) error
	// Code returns a subject's code, or ErrNotFound. A write transaction locks the code.
	Code(ctx context.Context, subject string) (Code, error)
	// RemoveCode deletes a code.
	RemoveCode(ctx context.Context, subject string) error
	// PruneCodes deletes at most so many of the codes that expired before a time, and returns how many it deleted.
	PruneCodes(ctx context.Context, before time.Time, most int) (pruned int, err error)
}
